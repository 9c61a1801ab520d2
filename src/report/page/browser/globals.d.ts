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

interface PackedRows {
  readonly rows: number;
  readonly columns: Record<
    string,
    { all?: unknown; of?: readonly unknown[]; at?: readonly number[]; each?: readonly unknown[] }
  >;
}

interface PackedSpec extends Omit<ChartSpec, "datasets"> {
  readonly datasets: Record<string, PackedRows>;
}

/** By data.js, which stands before the scripts that use it. */
declare var brought: {
  readonly theme: ChartTheme;
  readonly paper: ChartTheme;
  readonly texts: Record<string, string>;
  chart(name: string): ChartSpec | undefined;
};

interface ChartTheme {
  readonly axis: Record<string, unknown>;
  readonly legend: Record<string, unknown>;
}
