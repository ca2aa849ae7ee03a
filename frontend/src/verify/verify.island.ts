import { sha256 } from "./sha256";

interface Compared {
  digest: string;
  reading: string;
  authentic: string;
  other: string;
  unreadable: string;
  own: string;
}

function tell(result: HTMLElement, state: "ok" | "bad" | "", words: string, note = ""): void {
  result.className = `verify-result${state ? ` verify-${state}` : ""}`;
  const said = document.createElement("p");
  said.append(words);
  result.replaceChildren(said);
  if (!note) return;
  const small = document.createElement("p");
  small.className = "verify-own";
  small.append(note);
  result.append(small);
}

/** Compares a chosen file with the one that was issued. It is read here and never sent. */
export function mount(element: HTMLElement, data: unknown): void {
  const words = data as Compared;
  const input = element.querySelector<HTMLInputElement>("[data-verify-file]");
  const result = element.querySelector<HTMLElement>("[data-verify-result]");
  const drop = element.querySelector<HTMLElement>(".verify-drop");
  if (!input || !result || !drop) return;

  const compare = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    tell(result, "", words.reading);
    try {
      const own = await sha256(new Uint8Array(await file.arrayBuffer()));
      const isSame = own === words.digest;
      tell(result, isSame ? "ok" : "bad", isSame ? words.authentic : words.other, `${words.own}: ${own}`);
    } catch {
      tell(result, "bad", words.unreadable);
    }
  };
  input.addEventListener("change", () => void compare(input.files?.[0]));
  void compare(input.files?.[0]); // chosen before this was loaded
  drop.addEventListener("dragover", (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    void compare(event.dataTransfer?.files[0]);
  });
}
