import { routeOf } from "../lib/routes";
import { Badge } from "./Parts";

/** Where an answer was computed. */
export function RouteBadge({ route, decidedBy }: { route: string; decidedBy?: string }) {
  const { label, tone, icon, title } = routeOf(route, decidedBy);
  return (
    <Badge tone={tone} icon={icon} title={title}>
      {label}
    </Badge>
  );
}
