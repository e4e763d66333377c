// The network and the land behind it, fetched once for who is signed in.

import { networkOf, type MapDocument, type Network } from "../draw/network";
import { countyBorders, statesLand } from "../draw/land";
import type { Land } from "../draw/map";
import { ask } from "./api";
import type { Who } from "./types";

class Atlas {
  network = $state.raw<Network | null>(null);
  land = $state.raw<Land | null>(null);
  #whose = "";

  /** Fetch the network as this person may see it; another's is forgotten first. */
  async load(who: Who): Promise<void> {
    const whose = `${who.organisation} ${who.role}`;
    if (this.#whose !== whose) this.network = null;
    this.#whose = whose;
    if (this.network) return;
    const found = networkOf(await ask<MapDocument>("/map"));
    if (this.#whose === whose) this.network = found;
  }

  async behind(): Promise<void> {
    if (!this.land) this.land = { ...(await statesLand()), counties: null };
  }

  async closer(): Promise<void> {
    if (this.land && !this.land.counties) this.land = { ...this.land, counties: await countyBorders() };
  }
}

export const atlas = new Atlas();
