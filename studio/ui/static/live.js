/* Hands the running job on to the board; draws nothing itself. Small and often: several previews a second. */
const pass = () => { if (props.value) document.dispatchEvent(new CustomEvent('mp:live', { detail: props.value })); };
watch('value', pass);
pass();
