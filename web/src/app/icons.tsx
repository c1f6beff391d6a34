/** Icons of kinds, and ours for the names that apps send. */
import {
  Archive,
  BarChart3,
  Box,
  Boxes,
  Braces,
  ClipboardList,
  Cloud,
  Database,
  Download,
  File,
  FileText,
  Folder,
  FolderKanban,
  Image,
  Layers,
  Link,
  Play,
  Settings,
  Table2,
  Tag,
  Upload,
  Wrench,
  type LucideIcon,
} from "lucide-react";

const KIND_ICONS: Record<string, LucideIcon> = {
  task: Play,
  app: Play,
  project: FolderKanban,
  dataset: Database,
  file: File,
  table: Table2,
  folder: Folder,
  job: ClipboardList,
  model_weight: Box,
};

/** Parts of the platform's icon names (`zmdi-folder-outline`) and what we show. */
const NAMED: readonly (readonly [string, LucideIcon])[] = [
  ["cloud-download", Download],
  ["cloud-upload", Upload],
  ["cloud", Cloud],
  ["download", Download],
  ["upload", Upload],
  ["folder", Folder],
  ["archive", Archive],
  ["zip", Archive],
  ["image", Image],
  ["photo", Image],
  ["picture", Image],
  ["chart", BarChart3],
  ["assessment", BarChart3],
  ["trending", BarChart3],
  ["report", FileText],
  ["assignment", ClipboardList],
  ["check", ClipboardList],
  ["file-text", FileText],
  ["file", File],
  ["collection", Layers],
  ["layers", Layers],
  ["apps", Boxes],
  ["widgets", Boxes],
  ["code", Braces],
  ["link", Link],
  ["label", Tag],
  ["tag", Tag],
  ["wrench", Wrench],
  ["settings", Settings],
  ["storage", Database],
  ["play", Play],
  ["model", Box],
];

export function iconOf(kind: string, name?: string): LucideIcon {
  const wanted = name?.toLowerCase() ?? "";
  const named = wanted ? NAMED.find(([part]) => wanted.includes(part)) : undefined;
  return named?.[1] ?? KIND_ICONS[kind] ?? File;
}
