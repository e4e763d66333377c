// The desk's words and what they mean: the project's own glossary, built into the pages, loaded when first asked for.

export interface Entry {
  word: string;
  /** In plain words; what the page writes in slanted or fixed letters stands as it is. */
  says: string;
}

/** Read the entries of the glossary's text: `**Word.** What it means.` */
export function entries(text: string): Entry[] {
  return [...text.matchAll(/^\*\*(.+?)\.\*\* (.+)$/gm)].map(([, word, says]) => ({ word: word!, says: says!.replace(/[*`]/g, "") }));
}

/** The entries that have all the words; those whose own word begins so come first. */
export function search(all: Entry[], text: string): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((one) => words.every((word) => `${one.word} ${one.says}`.toLowerCase().includes(word)));
  const first = (one: Entry) => (words[0] && one.word.toLowerCase().startsWith(words[0]) ? 0 : 1);
  return found.sort((a, b) => first(a) - first(b));
}

class Glossary {
  all = $state.raw<Entry[]>([]);
  failed = $state(false);
  #asked = false;

  want(): void {
    if (this.#asked) return;
    this.#asked = true;
    void this.#load();
  }

  of(word: string): Entry | undefined {
    return this.all.find((one) => one.word.toLowerCase() === word.toLowerCase());
  }

  async #load(): Promise<void> {
    try {
      this.all = entries((await import("../../../docs/glossary.md?raw")).default);
      this.failed = false;
    } catch {
      this.#asked = false;
      this.failed = true;
    }
  }
}

export const glossary = new Glossary();
