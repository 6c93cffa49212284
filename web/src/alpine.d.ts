declare module "@alpinejs/csp" {
  interface Alpine {
    data(name: string, make: (...values: unknown[]) => object): void;
    start(): void;
  }
  const alpine: Alpine;
  export default alpine;
}
