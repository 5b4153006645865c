// Where the steps of a workflow are drawn: layers by distance from the first step, few crossings within a layer.
//
//   WL1. The same workflow is drawn the same way each time; where a conversation is changes no place.
//   WL2. An edge that leads back to an earlier layer is a way back; it decides no layer.

import type { WorkflowInfo } from "../../../../src/inspector/api.ts";

export interface StepPlace {
  readonly name: string;
  readonly layer: number;
  /** Its place within the layer, from 0. */
  readonly order: number;
  /** How many the layer has. */
  readonly layerSize: number;
}

export interface StepEdge {
  readonly from: string;
  readonly to: string;
  /** By itself once what is needed is known; when the deadline passed; or when a tool says so. */
  readonly kind: "needs" | "move" | "deadline";
  /** WL2. */
  readonly isBack: boolean;
}

export interface WorkflowLayout {
  readonly places: readonly StepPlace[];
  readonly edges: readonly StepEdge[];
  readonly layers: number;
  readonly widest: number;
}

/** Passes that look for fewer crossings. */
const SWEEPS = 4;

export function layoutOf(workflow: WorkflowInfo): WorkflowLayout {
  const links = linksOf(workflow);
  const layerOf = layersOf(workflow, links);
  const rows: string[][] = [];
  for (const { name } of workflow.steps) (rows[layerOf.get(name)!] ??= []).push(name);
  const layers = rows.filter((row) => row !== undefined);
  for (let sweep = 0; sweep < SWEEPS; sweep++) order(layers, links);
  const places = layers.flatMap((row, layer) => row.map((name, index) => ({ name, layer, order: index, layerSize: row.length })));
  const edges = links.map((link) => ({ ...link, isBack: layerOf.get(link.to)! <= layerOf.get(link.from)! }));
  return { places, edges, layers: layers.length, widest: Math.max(0, ...layers.map(({ length }) => length)) };
}

type LinkKind = Omit<StepEdge, "isBack">;

function linksOf({ steps }: WorkflowInfo): readonly LinkKind[] {
  const known = new Set(steps.map(({ name }) => name));
  return steps.flatMap(({ name, needs, to, deadlineTo }) => [
    ...to.map((target, index): LinkKind => ({ from: name, to: target, kind: needs.length > 0 && index === 0 ? "needs" : "move" })),
    ...(deadlineTo !== undefined && !to.includes(deadlineTo) ? [{ from: name, to: deadlineTo, kind: "deadline" } satisfies LinkKind] : []),
  ]).filter(({ to }) => known.has(to));
}

/** The longest way from the first step that goes back nowhere (WL2). */
function layersOf({ initial, steps }: WorkflowInfo, links: readonly LinkKind[]): ReadonlyMap<string, number> {
  const forward = new Map<string, string[]>();
  const state = new Map<string, "open" | "done">();
  const done: string[] = [];
  const visit = (name: string): void => {
    state.set(name, "open");
    for (const { to } of links.filter(({ from }) => from === name)) {
      if (state.get(to) === "open") continue;
      forward.set(name, [...(forward.get(name) ?? []), to]);
      if (!state.has(to)) visit(to);
    }
    state.set(name, "done");
    done.unshift(name);
  };
  for (const name of [initial, ...steps.map((step) => step.name)]) if (!state.has(name)) visit(name);
  const layers = new Map<string, number>();
  for (const name of done) {
    const layer = layers.get(name) ?? 0;
    layers.set(name, layer);
    for (const to of forward.get(name) ?? []) layers.set(to, Math.max(layers.get(to) ?? 0, layer + 1));
  }
  return layers;
}

/** Orders each layer by the middle of what it is joined to in the layer before. */
function order(layers: readonly string[][], links: readonly LinkKind[]): void {
  for (let layer = 1; layer < layers.length; layer++) {
    const before = layers[layer - 1]!;
    const middle = new Map(layers[layer]!.map((name, index) => {
      const joined = links.flatMap(({ from, to }) => (to === name ? [before.indexOf(from)] : from === name ? [before.indexOf(to)] : [])).filter((place) => place >= 0);
      return [name, joined.length === 0 ? index : joined.reduce((sum, place) => sum + place, 0) / joined.length] as const;
    }));
    layers[layer]!.sort((a, b) => middle.get(a)! - middle.get(b)!);
  }
}
