/** Where the drawings of the icons lie. */
import address from "../icons.svg?url";

export const iconsUrl = address;
