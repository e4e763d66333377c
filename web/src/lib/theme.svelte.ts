// Day and night: what the machine says, unless somebody chose.

export type Choice = "" | "light" | "dark";

class Theme {
  choice = $state<Choice>(read());
  /** Grows when colours change, so that canvases are drawn anew. */
  changes = $state(0);

  set(choice: Choice): void {
    this.choice = choice;
    try {
      choice ? localStorage.setItem("moms.theme", choice) : localStorage.removeItem("moms.theme");
    } catch {
      // it holds for this page, then
    }
    applyTheme();
    this.changes += 1;
  }
}

function read(): Choice {
  try {
    const found = localStorage.getItem("moms.theme");
    return found === "light" || found === "dark" ? found : "";
  } catch {
    return "";
  }
}

export const theme = new Theme();

export function applyTheme(): void {
  if (theme.choice) document.documentElement.dataset["theme"] = theme.choice;
  else delete document.documentElement.dataset["theme"];
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (theme.changes += 1));
