/** The lock of the phone: a PIN opens a random data key, and the data key opens what is kept.
    PIN → PBKDF2-SHA-256 → wraps an AES-256-GCM key. The PIN itself is kept nowhere. */

export const ROUNDS = 600_000;
export const LEAST_DIGITS = 6;
export const MOST_WRONG = 10;
export const IDLE_MS = 5 * 60_000;

/** What is kept of the lock. `wrong` counts wrong PINs in a row; before `until` (ms) no other may be tried. */
export interface Lock {
  salt: Uint8Array<ArrayBuffer>;
  rounds: number;
  iv: Uint8Array<ArrayBuffer>;
  wrapped: ArrayBuffer;
  wrong: number;
  until: number;
}

export interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

const AES = { name: "AES-GCM", length: 256 };
const random = (size: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(size));
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

async function wrapping(pin: string, salt: Uint8Array<ArrayBuffer>, rounds: number): Promise<CryptoKey> {
  const raw = await crypto.subtle.importKey("raw", bytes(pin), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, raw, AES, false, ["wrapKey", "unwrapKey"]);
}

async function wrap(key: CryptoKey, pin: string, rounds: number): Promise<Lock> {
  const salt = random(16);
  const iv = random(12);
  const wrapped = await crypto.subtle.wrapKey("raw", key, await wrapping(pin, salt, rounds), { name: "AES-GCM", iv });
  return { salt, rounds, iv, wrapped, wrong: 0, until: 0 };
}

async function unwrap(lock: Lock, pin: string, extractable: boolean): Promise<CryptoKey | null> {
  const key = await wrapping(pin, lock.salt, lock.rounds);
  try {
    return await crypto.subtle.unwrapKey("raw", lock.wrapped, key, { name: "AES-GCM", iv: lock.iv }, AES, extractable, ["encrypt", "decrypt"]);
  } catch {
    return null;
  }
}

/** Why a PIN will not do: too short, not digits, or one that is guessed first; "" when it is fine. */
export function pinFault(pin: string): "" | "short" | "easy" {
  if (!/^\d+$/.test(pin) || pin.length < LEAST_DIGITS) return "short";
  const steps = new Set([...pin].slice(1).map((digit, at) => (Number(digit) - Number(pin[at]) + 10) % 10));
  const step = [...steps][0];
  return steps.size === 1 && (step === 0 || step === 1 || step === 9) ? "easy" : "";
}

/** A new lock with a new data key. */
export async function makeLock(pin: string, rounds = ROUNDS): Promise<{ lock: Lock; key: CryptoKey }> {
  const made = await crypto.subtle.generateKey(AES, true, ["encrypt", "decrypt"]);
  const lock = await wrap(made, pin, rounds);
  return { lock, key: (await unwrap(lock, pin, false)) as CryptoKey };
}

/** The data key, or null when the PIN is wrong. The key cannot be read out of the browser again. */
export const openLock = (lock: Lock, pin: string): Promise<CryptoKey | null> => unwrap(lock, pin, false);

/** The same data key under another PIN; null when the old one is wrong. */
export async function changePin(lock: Lock, old: string, fresh: string, rounds = ROUNDS): Promise<Lock | null> {
  const key = await unwrap(lock, old, true);
  return key && wrap(key, fresh, rounds);
}

/** Seconds to wait after so many wrong PINs in a row. */
export function waitAfter(wrong: number): number {
  return wrong < 3 ? 0 : Math.min(30 * 2 ** (wrong - 3), 1800);
}

export const afterWrong = (lock: Lock, now: number): Lock => ({ ...lock, wrong: lock.wrong + 1, until: now + waitAfter(lock.wrong + 1) * 1000 });
export const afterRight = (lock: Lock): Lock => ({ ...lock, wrong: 0, until: 0 });
export const mustPurge = (lock: Lock): boolean => lock.wrong >= MOST_WRONG;

/** Seconds until another PIN may be tried. */
export const secondsLeft = (lock: Lock, now: number): number => Math.max(0, Math.ceil((lock.until - now) / 1000));

/** Sealed for one place: what was sealed as `name` does not open as another. */
export async function sealBytes(key: CryptoKey, name: string, data: ArrayBuffer): Promise<Sealed> {
  const iv = random(12);
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(name) }, key, data) };
}

export const openBytes = (key: CryptoKey, name: string, sealed: Sealed): Promise<ArrayBuffer> =>
  crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv, additionalData: bytes(name) }, key, sealed.data);

export const seal = (key: CryptoKey, name: string, value: unknown): Promise<Sealed> => sealBytes(key, name, bytes(JSON.stringify(value)).buffer);

export async function unseal<T>(key: CryptoKey, name: string, sealed: Sealed): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await openBytes(key, name, sealed))) as T;
}
