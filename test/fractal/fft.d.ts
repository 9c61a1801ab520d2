// The part of fft.js that the tests use; the package ships no types.
declare module "fft.js" {
  export default class FFT {
    constructor(size: number);
    createComplexArray(): number[];
    realTransform(out: number[], data: readonly number[]): void;
    completeSpectrum(spectrum: number[]): void;
    transform(out: number[], data: readonly number[]): void;
  }
}
