// A workflow as a drawing: layers from left to right, the way so far and the present step marked.
//
//   WD1. The layout is ours and always the same; the library draws, moves and zooms.
//   WD2. It is an image for a screen reader: the list beside it says the same in words.

import "@xyflow/react/dist/base.css";

import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, getStraightPath, Handle, MarkerType, Position, ReactFlow, type Edge, type EdgeProps, type Node, type NodeProps } from "@xyflow/react";
import { memo, useMemo } from "react";

import type { WorkflowInfo } from "../../../../src/inspector/api.ts";
import { duration } from "../../lib/formatting.ts";
import { useWidth } from "../width.ts";
import { layoutOf, type StepEdge, type WorkflowLayout } from "../logic/workflow-layout.ts";

interface WorkflowDrawingProps {
  readonly workflow: WorkflowInfo;
  readonly current: string | undefined;
  readonly visited: readonly string[];
}

type StepNode = Node<{ readonly label: string; readonly needs: readonly string[]; readonly look: "current" | "visited" | "next" | "plain"; readonly isFinal: boolean; readonly isDown: boolean }, "step">;
type StepLine = Edge<{ readonly label: string | undefined; readonly look: "taken" | "open" | "plain"; readonly isBack: boolean; readonly offset: number }, "step">;

/** Distances between steps, pixels. */
const ACROSS = { layer: 196, order: 84 };
const DOWN = { layer: 84, order: 184 };
/** Steps are drawn from left to right unless that would make them this much smaller. */
const SMALLEST = 0.9;
const MARGIN = 28;
/** Room beside the steps for the ways back. */
const ASIDE = "40px";

export const WorkflowDrawing = memo(function WorkflowDrawing({ workflow, current, visited }: WorkflowDrawingProps) {
  const layout = useMemo(() => layoutOf(workflow), [workflow]);
  const [frame, width] = useWidth(760);
  const isDown = width < layout.layers * ACROSS.layer * SMALLEST;
  const nodes = useMemo(() => nodesOf(workflow, layout, current, visited, isDown), [workflow, layout, current, visited, isDown]);
  const edges = useMemo(() => edgesOf(workflow, layout, current, visited), [workflow, layout, current, visited]);
  const size = isDown ? { width: layout.widest * DOWN.order + MARGIN, height: layout.layers * DOWN.layer + MARGIN } : { width: layout.layers * ACROSS.layer + MARGIN, height: layout.widest * ACROSS.order + 2 * MARGIN };
  const height = Math.min(640, size.height * Math.min(1, width / size.width));
  return (
    <div ref={frame} role="img" aria-label={`The workflow, ${layout.places.length} steps${current === undefined ? "" : `; it is at ${current}`}. The list below says it in words.`} style={{ height }} className="overflow-hidden rounded-md border border-line bg-sunk">
      <ReactFlow
        key={`${isDown ? "down" : "across"} ${Math.round(width / 40)}`} nodes={nodes} edges={edges} nodeTypes={NODES} edgeTypes={EDGES} fitView fitViewOptions={{ padding: isDown ? { x: ASIDE, y: "12px" } : { x: "16px", y: ASIDE }, maxZoom: 1 }} minZoom={0.3} maxZoom={1.5}
        nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false} elementsSelectable={false} zoomOnScroll={false} preventScrolling={false} panOnScroll={false} proOptions={{ hideAttribution: true }}
      />
    </div>
  );
});

function nodesOf({ steps }: WorkflowInfo, { places }: WorkflowLayout, current: string | undefined, visited: readonly string[], isDown: boolean): StepNode[] {
  const here = steps.find(({ name }) => name === current);
  return places.map(({ name, layer, order, layerSize }) => {
    const step = steps.find((each) => each.name === name);
    const middle = order - (layerSize - 1) / 2;
    const look = name === current ? "current" : visited.includes(name) ? "visited" : here?.to.includes(name) === true ? "next" : "plain";
    const position = isDown ? { x: middle * DOWN.order, y: layer * DOWN.layer } : { x: layer * ACROSS.layer, y: middle * ACROSS.order };
    return { id: name, type: "step", position, data: { label: name, needs: step?.needs ?? [], look, isFinal: step?.isFinal ?? false, isDown } };
  });
}

function edgesOf({ steps }: WorkflowInfo, { edges, places }: WorkflowLayout, current: string | undefined, visited: readonly string[]): StepLine[] {
  const upper = new Set(places.filter(({ order, layerSize }) => order < (layerSize - 1) / 2).map(({ name }) => name));
  const taken = new Set(visited.slice(1).map((name, index) => `${visited[index]} ${name}`));
  return edges.map((edge, index) => {
    const { from, to, kind, isBack } = edge;
    const look = taken.has(`${from} ${to}`) ? "taken" : from === current ? "open" : "plain";
    const color = look === "taken" ? "var(--color-accent)" : look === "open" ? "var(--color-ink-2)" : "var(--color-edge)";
    // A way back goes round the side that is nearer, so that it crosses no step of its own layer.
    const side = upper.has(from) ? "over" : "under";
    const deadlineMs = steps.find(({ name }) => name === from)?.deadlineMs;
    return { id: `${from} ${to} ${kind}`, source: from, target: to, sourceHandle: isBack ? `${side}-out` : "out", targetHandle: isBack ? `${side}-in` : "in", type: "step", data: { label: labelOf(edge, deadlineMs), look, isBack, offset: 22 + (index % 3) * 12 }, markerEnd: { type: MarkerType.ArrowClosed, color, width: 14, height: 14 }, style: { stroke: color, strokeWidth: look === "plain" ? 1 : 1.75, ...(kind === "deadline" ? { strokeDasharray: "4 3" } : {}) } };
  });
}

function labelOf({ kind }: StepEdge, deadlineMs: number | undefined): string | undefined {
  return kind === "deadline" && deadlineMs !== undefined ? `after ${duration(deadlineMs)}` : undefined;
}

const LOOKS = {
  current: "border-accent bg-accent-fill text-on-accent font-semibold shadow-md",
  visited: "border-accent/60 bg-chosen text-ink",
  next: "border-ink-2 bg-pane text-ink border-dashed",
  plain: "border-edge/60 bg-pane text-ink-2",
} as const;

function StepBox({ data: { label, needs, look, isFinal, isDown } }: NodeProps<StepNode>) {
  const [into, out] = isDown ? [Position.Top, Position.Bottom] : [Position.Left, Position.Right];
  const sides = { over: isDown ? Position.Left : Position.Top, under: isDown ? Position.Right : Position.Bottom };
  // Of no size, so that lines begin and end at the box.
  const handle = "size-px! min-h-0! min-w-0! border-0! opacity-0";
  return (
    <div className={`flex h-12 w-40 flex-col justify-center rounded-md px-2.5 text-center font-sans text-xs ${isFinal ? "border-3 border-double" : "border"} ${LOOKS[look]}`}>
      <Handle id="in" type="target" position={into} className={handle} isConnectable={false} />
      <div className="truncate">{label}</div>
      {needs.length > 0 ? <div className={`-mx-2 truncate text-2xs font-normal ${look === "current" ? "" : "text-ink-3"}`}>needs {needs.join(", ")}</div> : null}
      <Handle id="out" type="source" position={out} className={handle} isConnectable={false} />
      {(["over", "under"] as const).map((side) => [
        <Handle key={`${side}-in`} id={`${side}-in`} type="target" position={sides[side]} className={handle} isConnectable={false} />,
        <Handle key={`${side}-out`} id={`${side}-out`} type="source" position={sides[side]} className={handle} isConnectable={false} />,
      ])}
    </div>
  );
}

function StepEdgeLine({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data, markerEnd, style }: EdgeProps<StepLine>) {
  const isStraight = data?.isBack !== true && Math.min(Math.abs(sourceX - targetX), Math.abs(sourceY - targetY)) < 3;
  const [path, labelX, labelY] = isStraight ? getStraightPath({ sourceX, sourceY, targetX, targetY }) : getSmoothStepPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, borderRadius: 8, offset: data?.isBack ? data.offset : 8 });
  return (
    <>
      <BaseEdge path={path} {...(markerEnd === undefined ? {} : { markerEnd })} style={style ?? {}} />
      {data?.label === undefined ? null : (
        <EdgeLabelRenderer>
          <span style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }} className="absolute rounded-sm bg-sunk px-1 text-2xs text-ink-3">{data.label}</span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

const NODES = { step: StepBox };
const EDGES = { step: StepEdgeLine };
