/** Pages of devices and alarms: charts when they come near the eye, the board that rings. */
import { each } from "../dom";
import { startBoard } from "./board";
import { startCounting } from "./counting";
import { showDevices } from "./map";

function startCharts(): void {
  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        near.unobserve(entry.target);
        void import("./charts").then(({ openCharts }) => openCharts(entry.target as HTMLElement));
      }
    },
    { rootMargin: "200px" },
  );
  each("[data-charts]", (target) => near.observe(target));
}

startCharts();
startCounting();
document.addEventListener("huying:map", (event) => {
  const host = event.target as HTMLElement;
  if (host.dataset.devices) showDevices((event as CustomEvent<{ map: Parameters<typeof showDevices>[0] }>).detail.map, host);
});
each("[data-board]", startBoard);
