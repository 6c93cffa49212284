/** Regular expressions of forms, matched in time that grows with the text and not beyond: a form must never hold the phone.
    A pattern is a small machine that walks all its states at once (Thompson, 1968); the server's patterns.py says which notation. */

const mostText = 2000;
const control: Record<string, string> = { t: "\t", n: "\n", r: "\r" };
const spaces = " \t\n\r\f\v\u00a0\u2028\u2029\u3000\ufeff";

/** Whether one character fits. */
type Fits = (one: string) => boolean;

type Tree = { all: Tree[] } | { either: Tree[] } | { part: Tree; least: number; most: number } | { fits: Fits };

const only = (wanted: string): Fits => (one) => one === wanted;
const not = (fits: Fits): Fits => (one) => !fits(one);
const classes: Record<string, Fits> = {
  d: (one) => one >= "0" && one <= "9",
  w: (one) => /^[A-Za-z0-9_]$/.test(one),
  s: (one) => spaces.includes(one),
};
const any: Fits = (one) => !"\n\r\u2028\u2029".includes(one);

class Reader {
  private readonly signs: string[];
  private at = 0;

  constructor(pattern: string) {
    this.signs = [...pattern];
    if (this.signs[0] === "^") this.at = 1;
  }

  whole(): Tree {
    const tree = this.either(0);
    if (this.at !== this.signs.length) throw new Error("unsupported pattern");
    return tree;
  }

  private either(depth: number): Tree {
    const ways = [this.sequence(depth)];
    while (this.signs[this.at] === "|") {
      this.at += 1;
      ways.push(this.sequence(depth));
    }
    return { either: ways };
  }

  private sequence(depth: number): Tree {
    const all: Tree[] = [];
    for (let one = this.signs[this.at]; one !== undefined && one !== "|" && one !== ")"; one = this.signs[this.at]) {
      if (one === "$" && depth === 0 && this.at === this.signs.length - 1) {
        this.at += 1;
        break;
      }
      all.push(this.repeated(this.single(depth)));
    }
    return { all };
  }

  private single(depth: number): Tree {
    const one = this.take();
    if (one === "(") {
      if (this.signs[this.at] === "?" && this.signs[this.at + 1] === ":") this.at += 2;
      const inner = this.either(depth + 1);
      if (this.take() !== ")") throw new Error("unsupported pattern");
      return inner;
    }
    if (one === "[") return { fits: this.choice() };
    if (one === "\\") return { fits: this.escaped() };
    return { fits: one === "." ? any : only(one) };
  }

  private repeated(part: Tree): Tree {
    const counts = { "*": [0, Infinity], "+": [1, Infinity], "?": [0, 1] }[this.signs[this.at] ?? ""];
    let [least, most] = counts ?? [1, 1];
    if (counts) this.at += 1;
    else if (this.signs[this.at] === "{") [least, most] = this.counts();
    else return part;
    if (this.signs[this.at] === "?") this.at += 1; // taking little changes what is found, not whether the whole matches
    return { part, least: least as number, most: most as number };
  }

  private counts(): [number, number] {
    const end = this.signs.indexOf("}", this.at);
    const [low, high] = this.signs.slice(this.at + 1, end).join("").split(",");
    this.at = end + 1;
    return [Number(low), high === undefined ? Number(low) : high === "" ? Infinity : Number(high)];
  }

  private choice(): Fits {
    const negated = this.signs[this.at] === "^";
    if (negated) this.at += 1;
    const fits: Fits[] = [];
    while (this.signs[this.at] !== "]") {
      const [low, fit] = this.member();
      if (low && this.signs[this.at] === "-" && ![undefined, "]"].includes(this.signs[this.at + 1])) {
        this.at += 1;
        const [high] = this.member();
        const [from, to] = [low.codePointAt(0) ?? 0, high.codePointAt(0) ?? 0];
        fits.push((one) => (one.codePointAt(0) ?? -1) >= from && (one.codePointAt(0) ?? -1) <= to);
      } else fits.push(fit);
    }
    this.at += 1;
    const inside: Fits = (one) => fits.some((fit) => fit(one));
    return negated ? not(inside) : inside;
  }

  /** One member of a choice: its character ("" for a class such as \d) and what fits it. */
  private member(): [string, Fits] {
    const one = this.take();
    if (one !== "\\") return [one, only(one)];
    const letter = this.signs[this.at] as string;
    const fits = this.escaped();
    return [classes[letter.toLowerCase()] ? "" : (control[letter] ?? letter), fits];
  }

  private escaped(): Fits {
    const one = this.take();
    const known = classes[one.toLowerCase()];
    if (known) return one === one.toLowerCase() ? known : not(known);
    return only(control[one] ?? one);
  }

  private take(): string {
    const one = this.signs[this.at];
    if (one === undefined) throw new Error("unsupported pattern");
    this.at += 1;
    return one;
  }
}

/** A state takes a character and goes on, or goes on by itself to others. State 0 is the end. */
interface State {
  fits: Fits | null;
  jumps: number[];
}

function build(states: State[], tree: Tree, then: number): number {
  const add = (fits: Fits | null, ...jumps: number[]): number => states.push({ fits, jumps }) - 1;
  if ("fits" in tree) return add(tree.fits, then);
  if ("all" in tree) return tree.all.reduceRight((after, part) => build(states, part, after), then);
  if ("either" in tree) return add(null, ...tree.either.map((way) => build(states, way, then)));
  const { part, least, most } = tree;
  let next = then;
  if (most === Infinity) {
    const loop = add(null);
    (states[loop] as State).jumps = [build(states, part, loop), then];
    next = loop;
  } else for (let i = least; i < most; i += 1) next = add(null, build(states, part, next), then);
  for (let i = 0; i < least; i += 1) next = build(states, part, next);
  return next;
}

function reached(states: State[], from: Iterable<number>): Set<number> {
  const seen = new Set(from); // a set grows while it is walked
  for (const at of seen) {
    const state = states[at] as State;
    if (!state.fits) for (const next of state.jumps) seen.add(next);
  }
  return seen;
}

const made = new Map<string, [State[], number]>();

function machine(pattern: string): [State[], number] {
  let known = made.get(pattern);
  if (!known) {
    const states: State[] = [{ fits: null, jumps: [] }];
    known = [states, build(states, new Reader(pattern).whole(), 0)];
    made.set(pattern, known);
  }
  return known;
}

/** Whether the whole text matches; texts longer than 2,000 characters never do. */
export function matches(said: string, pattern: string): boolean {
  const signs = [...said];
  if (signs.length > mostText) return false;
  const [states, start] = machine(pattern);
  let here = reached(states, [start]);
  for (const one of signs) {
    const moved = [...here].flatMap((at) => {
      const state = states[at] as State;
      return state.fits?.(one) ? state.jumps : [];
    });
    if (!moved.length) return false;
    here = reached(states, moved);
  }
  return here.has(0);
}
