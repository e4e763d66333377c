// The rules in force, asked once: they change only with the installation.

import { ask, asProblem, type Problem } from "./api";
import type { RuleText, Rules } from "./types";

class Known {
  rules = $state<Rules | null>(null);
  problem = $state<Problem | null>(null);
  #asked = false;

  want(): void {
    if (!this.#asked) void this.load();
  }

  async load(): Promise<void> {
    this.#asked = true;
    this.problem = null;
    try {
      this.rules = await ask<Rules>("/rules");
    } catch (why) {
      this.#asked = false;
      this.problem = asProblem(why);
    }
  }

  text(id: string): RuleText | undefined {
    return this.rules?.chapters.flatMap((chapter) => chapter.rules).find((rule) => rule.id === id);
  }
}

export const known = new Known();
