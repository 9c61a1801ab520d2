// What the libraries leave on the window, as far as the scripts use it.
interface VegaView {
  signal(name: string, value: unknown): VegaView;
  runAsync(): Promise<VegaView>;
  addEventListener(type: string, handler: (event: Event, item: { datum?: { scheme?: unknown } } | null) => void): void;
  toSVG(): Promise<string>;
  toImageURL(type: string, scale?: number): Promise<string>;
  finalize(): void;
}

declare function vegaEmbed(
  element: HTMLElement,
  spec: object,
  options: object,
): Promise<{ readonly view: VegaView; finalize(): void }>;

interface ChartSpec {
  readonly description?: string;
  readonly height?: unknown;
  readonly datasets: Record<string, readonly Record<string, unknown>[]>;
  readonly layer: readonly { readonly name?: string }[];
}

interface ChartTheme {
  readonly axis: Record<string, unknown>;
  readonly legend: Record<string, unknown>;
}
