/** Loads the map code only when a map comes near the eye. */
import { each } from "./dom";

export function startMaps(): void {
  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        near.unobserve(entry.target);
        void import("./map/element").then(({ openMap }) => openMap(entry.target as HTMLElement));
      }
    },
    { rootMargin: "200px" },
  );
  each("huying-map", (target) => near.observe(target));
}
