/* Passes the running job on to the board as an event: small messages, several previews a second. */
const pass = () => { if (props.value) document.dispatchEvent(new CustomEvent('mp:live', { detail: props.value })); };
watch('value', pass);
pass();
