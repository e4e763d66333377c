// Albers' equal-area conic with the parallels usual for the United States: kilometres east and south of its centre.

const RAD = Math.PI / 180;
const EARTH_KM = 6371.0088;
const CENTRE = -96;
const [P1, P2, P0] = [29.5 * RAD, 45.5 * RAD, 37.5 * RAD];
const N = (Math.sin(P1) + Math.sin(P2)) / 2;
const C = Math.cos(P1) ** 2 + 2 * N * Math.sin(P1);
const rho = (latitude: number) => (EARTH_KM * Math.sqrt(C - 2 * N * Math.sin(latitude))) / N;
const R0 = rho(P0);

export function project(longitude: number, latitude: number): [number, number] {
  const angle = N * (longitude - CENTRE) * RAD;
  const r = rho(latitude * RAD);
  return [r * Math.sin(angle), r * Math.cos(angle) - R0];
}

export function unproject(x: number, y: number): [number, number] {
  const south = R0 + y;
  const angle = Math.atan2(x, south);
  const r = Math.hypot(x, south);
  return [CENTRE + angle / N / RAD, Math.asin(Math.max(-1, Math.min(1, (C - ((r * N) / EARTH_KM) ** 2) / (2 * N)))) / RAD];
}
