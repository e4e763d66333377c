// The documents of the interface for programs, as far as the pages read them (docs/api.md), by theme.

export type * from "./types/days";
export type * from "./types/decision";
export type * from "./types/field";
export type * from "./types/map";
export type * from "./types/offers";
export type * from "./types/record";
export type * from "./types/request";
export type * from "./types/room";
export type * from "./types/who";
