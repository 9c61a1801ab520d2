// The part of jstat that Rinsight uses; the package ships no types.
declare module "jstat" {
  interface Distribution1 {
    cdf(x: number, degreesOfFreedom: number): number;
    inv(p: number, degreesOfFreedom: number): number;
  }
  interface Distribution2 {
    cdf(x: number, a: number, b: number): number;
    inv(p: number, a: number, b: number): number;
  }
  const jStat: {
    readonly studentt: Distribution1;
    readonly chisquare: Distribution1;
    readonly centralF: Distribution2;
    readonly normal: Distribution2;
    ibeta(x: number, a: number, b: number): number;
    lowRegGamma(a: number, x: number): number;
  };
  export default jStat;
}
