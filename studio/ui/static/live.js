/* Passes the running job on to the board as an event: small messages, several previews a second. */
const pass = () => { if (props.value) document.dispatchEvent(new CustomEvent('mp:live', { detail: JSON.parse(props.value.json) })); };
watch('value', pass);
pass();
