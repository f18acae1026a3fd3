/** Files that esbuild and vitest hand over as text. */
declare module "*.css" {
  const text: string;
  export default text;
}

declare module "*.svg" {
  const text: string;
  export default text;
}

declare module "*?raw" {
  const text: string;
  export default text;
}
