// Readings that were typed on this phone and not yet sent, or that the server refused: kept by the browser, each person's
// own. Nothing of them leaves the phone but to the page of the round.

/** One reading as it was typed. Of a refused one `html` is its row with the server's words, where it sent that. */
export interface Unsent {
  id: string;
  person: string;
  page: string;
  row: string;
  fields: [string, string][];
  photo: File | null;
  takenAt: string;
  /** Whether the instant of typing counts: no other time was chosen. */
  isTimed: boolean;
  isRefused: boolean;
  html: string;
}

const STORE = "unsent";
let opened: Promise<IDBDatabase> | null = null;

/** This will return a mark of its own for a reading; also where the line is not encrypted and `randomUUID` missing. */
export function mark(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** This will keep a reading in the place of what was kept of its row; it throws where the browser keeps nothing. */
export async function keep(entry: Unsent): Promise<void> {
  const former = (await list(entry.person)).filter((each) => each.page === entry.page && each.row === entry.row && each.id !== entry.id);
  await change((store) => {
    for (const each of former) store.delete(each.id);
    store.put(entry);
  });
}

/** This will forget a reading: it was taken, or is typed anew. */
export async function forget(id: string): Promise<void> {
  await change((store) => store.delete(id));
}

/** This will return the readings of a person, in the order in which they were typed. */
export async function list(person: string): Promise<Unsent[]> {
  const store = (await database()).transaction(STORE).objectStore(STORE);
  const found = (await finished(store.getAll())) as Unsent[];
  return found.filter((each) => each.person === person).sort((one, other) => one.takenAt.localeCompare(other.takenAt));
}

async function change(what: (store: IDBObjectStore) => void): Promise<void> {
  const transaction = (await database()).transaction(STORE, "readwrite", { durability: "strict" });
  const done = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("Nothing was kept"));
  });
  what(transaction.objectStore(STORE));
  await done;
}

function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open("meterbook-readings", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("Nothing can be kept"));
  });
  return opened;
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("Nothing can be read"));
  });
}
