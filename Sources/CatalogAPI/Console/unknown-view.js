// An address that leads nowhere.
import { h } from "./dom.js";
import { empty } from "./parts.js";

export class UnknownView {
  title = "No such page";
  follow = undefined;

  render() {
    return [h("h1", {}, "No such page"),
      empty("This address leads nowhere", "It may have been cut when it was copied.",
        h("p", {}, h("a", { href: "#/" }, "All tenants")))];
  }
}
