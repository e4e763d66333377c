// Signals that are heard: tones made here, by priority, until somebody has taken what they are for.
// A browser lets a page be heard only after a person has asked for it, so each window begins silent and says so.

import type { Signal } from "./room";

interface Tone {
  hz: number;
  from: number;
  s: number;
}
/** One signal: three rising tones, one tone, and two falling ones for a lost link, told apart without pitch by their number. */
export const TONES: Record<Exclude<Signal, null>, Tone[]> = {
  1: [{ hz: 660, from: 0, s: 0.18 }, { hz: 880, from: 0.24, s: 0.18 }, { hz: 1100, from: 0.48, s: 0.3 }],
  2: [{ hz: 520, from: 0, s: 0.35 }],
  lost: [{ hz: 440, from: 0, s: 0.4 }, { hz: 330, from: 0.5, s: 0.6 }],
};
export const AGAIN_MS: Record<Exclude<Signal, null>, number> = { 1: 8_000, 2: 30_000, lost: 20_000 };
const LOUD = 0.2;
const SOFT_S = 0.02;

class Sound {
  on = $state(false);
  failed = $state("");
  /** How many signals were given; a test hears by it. */
  given = $state(0);
  last = $state<Signal>(null);
  #context: AudioContext | null = null;
  #signal: Signal = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Switch it on, by a person's own hand, and let one tone be heard as proof. */
  async switchOn(): Promise<void> {
    this.failed = "";
    try {
      this.#context ??= new AudioContext();
      await this.#context.resume();
      this.on = true;
      this.#play(2);
      this.#begin();
    } catch (why) {
      this.failed = `this browser gives no sound: ${why instanceof Error ? why.message : String(why)}`;
    }
  }

  switchOff(): void {
    this.on = false;
    clearInterval(this.#timer);
    void this.#context?.suspend();
  }

  /** Say what is to be heard from now on; a louder signal is given at once, and null ends it. */
  want(signal: Signal): void {
    if (signal === this.#signal) return;
    this.#signal = signal;
    this.#begin();
  }

  #begin(): void {
    clearInterval(this.#timer);
    const signal = this.#signal;
    if (!this.on || signal === null) return;
    this.#play(signal);
    this.#timer = setInterval(() => this.#play(signal), AGAIN_MS[signal]);
  }

  #play(signal: Exclude<Signal, null>): void {
    const context = this.#context;
    if (!context) return;
    for (const tone of TONES[signal]) {
      const [voice, gain, at] = [context.createOscillator(), context.createGain(), context.currentTime + 0.05 + tone.from];
      voice.frequency.value = tone.hz;
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(LOUD, at + SOFT_S);
      gain.gain.setValueAtTime(LOUD, at + tone.s - SOFT_S);
      gain.gain.linearRampToValueAtTime(0, at + tone.s);
      voice.connect(gain).connect(context.destination);
      voice.start(at);
      voice.stop(at + tone.s);
    }
    this.given += 1;
    this.last = signal;
  }
}

export const sound = new Sound();
