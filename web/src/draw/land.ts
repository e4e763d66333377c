// States and counties behind the map, from files of our own: nothing is fetched from elsewhere.

import { merge, mesh } from "topojson-client";
import type { GeometryCollection, MultiPolygon, Polygon, Topology } from "topojson-specification";
import counties from "us-atlas/counties-10m.json?url";
import states from "us-atlas/states-10m.json?url";

import { project } from "./albers";

type Atlas = Topology<Record<string, GeometryCollection>>;
type Area = Polygon | MultiPolygon;
/** Alaska, Hawaii and the islands: no grid of this map reaches there. */
const FAR = new Set(["02", "15", "60", "66", "69", "72", "78"]);

/** Whether an id of a state or county lies among the connected states. */
export const isNear = (id: string | number | undefined): boolean => !FAR.has(String(id ?? "").padStart(2, "0").slice(0, 2));

/** Draw lines of degrees in kilometres. */
export function trace(path: Pick<Path2D, "moveTo" | "lineTo" | "closePath">, lines: number[][][], closed: boolean): void {
  for (const line of lines) {
    line.forEach(([longitude, latitude], k) => {
      const [x, y] = project(longitude!, latitude!);
      k ? path.lineTo(x, y) : path.moveTo(x, y);
    });
    if (closed) path.closePath();
  }
}

async function atlas(address: string): Promise<Atlas> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the outlines of the states did not come: answer ${answer.status}`);
  return (await answer.json()) as Atlas;
}

function some(found: Atlas, name: string): GeometryCollection {
  const all = found.objects[name]!;
  return { ...all, geometries: all.geometries.filter((one) => isNear(one.id)) };
}

export async function statesLand(): Promise<{ ground: Path2D; states: Path2D }> {
  const found = await atlas(states);
  const near = some(found, "states");
  const [ground, borders] = [new Path2D(), new Path2D()];
  for (const rings of merge(found, near.geometries as Area[]).coordinates) trace(ground, rings, true);
  trace(borders, mesh(found, near).coordinates, false);
  return { ground, states: borders };
}

export async function countyBorders(): Promise<Path2D> {
  const found = await atlas(counties);
  const path = new Path2D();
  trace(path, mesh(found, some(found, "counties"), (a, b) => a !== b).coordinates, false);
  return path;
}
