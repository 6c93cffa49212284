/** The pages of a filling: one for each group at the top that is asked, with how much of it is still open. Pure. */
import { every, type Node, type Survey } from "./answers";

const unseen = new Set(["calculate", "hidden"]);

export interface Page {
  /** Of its first node, to find it again after answers changed. */
  key: string;
  /** The group or repeat the page is, if it is one. */
  head: Node | null;
  nodes: Node[];
}

export const isSeen = (node: Node): boolean => node.relevant && !unseen.has(node.item.type) && (node.item.type !== "group" || node.children.some(isSeen));

export function pagesOf(survey: Survey): Page[] {
  const pages: Page[] = [];
  let loose: Page | null = null;
  for (const node of survey.nodes) {
    if (!isSeen(node)) continue;
    if (node.item.type === "group" || node.item.type === "repeat") {
      loose = null;
      pages.push({ key: node.at, head: node, nodes: node.item.type === "group" ? node.children.filter(isSeen) : [node] });
    } else if (loose) loose.nodes.push(node);
    else pages.push((loose = { key: node.at, head: null, nodes: [node] }));
  }
  return pages;
}

export interface Tally {
  /** Questions that were asked and can be answered. */
  asked: number;
  answered: number;
  failed: number;
  faults: string[];
}

const silent = new Set(["group", "repeat", "note"]);

export function tally(page: Page, survey: Survey): Tally {
  const count: Tally = { asked: 0, answered: 0, failed: 0, faults: [] };
  for (const node of every(page.head ? [page.head] : page.nodes)) {
    if (!node.relevant || unseen.has(node.item.type)) continue;
    for (const part of ["", "#photos", "#how", "#after", "#days"]) if (survey.faults[node.at + part]) count.faults.push(node.at + part);
    if (node.failed) count.failed += 1;
    if (silent.has(node.item.type)) continue;
    count.asked += 1;
    if (node.value !== undefined && node.value !== null) count.answered += 1;
  }
  return count;
}

/** The page that holds the question of a fault, as "rooms/0/area#photos" names it. */
export function pageOf(pages: Page[], fault: string): number {
  const at = fault.split("#")[0] as string;
  return pages.findIndex((page) => (page.head ? at === page.key || at.startsWith(`${page.key}/`) : page.nodes.some((node) => node.at === at)));
}
