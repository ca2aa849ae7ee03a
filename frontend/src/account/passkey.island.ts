/** Says in words when a passkey did not work, and takes the button away where the browser knows none. */
export function mount(element: HTMLElement): void {
  const button = document.querySelector<HTMLElement>(".passkey-sign-in");
  if (button && !("PublicKeyCredential" in window)) button.hidden = true;
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    element.hidden = false;
  });
}
