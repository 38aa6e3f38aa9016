// Whether what runs is what was pushed: the bytes are hashed here and held against what git, the
// catalog and the runtime say.
import { h } from "./dom.js";
import { path, readBytes, readEnvelope } from "./api.js";
import { Resource } from "./resource.js";
import { copyButton, digest, empty, notice, shown } from "./parts.js";
import { blobName, canHash, sha256 } from "./digests.js";
import { icon } from "./icons.js";
import { size } from "./format.js";
import { words } from "./text.js";

export class UtilityIntegrity {
  readsGit = true;

  constructor(view) {
    this.view = view;
    const update = () => view.app.update();
    this.computed = new Resource((signal) => this.#compute(signal), update);
    this.status = new Resource(async (signal) =>
      (await readEnvelope(path`/utils/v1/sync/${view.tenant}`, { signal })).data, update);
  }

  async load() {
    await Promise.all([this.computed.load(), this.status.load()]);
  }

  close() {
    this.computed.close();
    this.status.close();
  }

  async #compute(signal) {
    if (!canHash()) return { isPossible: false };
    const { tenant, id } = this.view;
    const bytes = await readBytes(
      path`/utils/v1/source/${tenant}/${id}` + this.view.statusQuery(), { signal });
    return {
      isPossible: true, size: bytes.length, sha256: await sha256(bytes),
      blob: await blobName(bytes),
    };
  }

  render(entry) {
    if (entry.status === "inactive") {
      return empty("Nothing to check", "A removed utility has no file and runs nowhere.");
    }
    return shown(this.computed, "the source", (computed) => computed.isPossible
      ? [this.#verdict(entry, computed), this.#chain(entry, computed)]
      : notice("unknown", "It cannot be checked here", h("p", {},
        "Browsers compute hashes only on HTTPS pages and on this machine's own address. ",
        "By hand: ", h("span", { class: "mono" }, "sha256sum"), " of the downloaded file, against ",
        h("span", { class: "mono" }, words(entry.filehash)))));
  }

  #verdict(entry, computed) {
    const isRight = entry.filehash === computed.sha256 && entry.sync?.blob === computed.blob;
    return isRight
      ? notice("synced", "The source is what git and the catalog say", h("p", {},
        `Its ${size(computed.size)} were hashed in this browser just now.`))
      : notice("failed", "The source is not what git and the catalog say", h("p", {},
        "If it was changed a moment ago, this page reads it again by itself. If it stays, ",
        "somebody should look at the catalog."));
  }

  #chain(entry, computed) {
    return h("ol", { class: "chain" },
      link("Git", "The blob of the commit", entry.sync?.blob, computed.blob, "SHA-1 of the blob"),
      link("Catalog", "The entry's filehash", entry.filehash, computed.sha256, "SHA-256"),
      this.#runtime(entry));
  }

  #runtime(entry) {
    const branch = (this.status.value?.branches ?? [])
      .find((one) => one.branch === entry.sync?.branch);
    const release = entry.status === "draft" && branch?.trial_release
      ? branch.trial_release : branch?.release;
    const address = runtimeHealth(entry.rest_url);
    return h("li", { class: "chain-link", key: "Runtime" },
      h("div", { class: "chain-head" }, icon(release ? "applied" : "unknown"),
        h("h3", {}, "Runtime"), h("span", { class: "quiet" }, release
          ? "checked at its start" : "nothing serves this branch")),
      release
        ? [h("p", {}, "Release ", digest(release), " serves ",
          h("span", { class: "mono" }, words(branch.branch, 80)), ". Before a server of it takes ",
          "a call, it reports the hash of each file that it loaded, and the agent holds it ",
          "against the release."),
        address
          ? h("p", { class: "quiet" }, "To ask the runtime itself: ",
            h("span", { class: "mono" }, words(`curl ${address}`)),
            copyButton(`curl ${address}`, "the command"))
          : null]
        : h("p", { class: "quiet" }, "The agent says of no release of this branch."));
  }
}

function link(name, about, said, computed, how) {
  const isSame = said === computed;
  return h("li", { class: `chain-link ${isSame ? "is-same" : "is-other"}`, key: name },
    h("div", { class: "chain-head" }, icon(isSame ? "applied" : "failed"), h("h3", {}, name),
      h("span", { class: "quiet" }, isSame ? "the same" : "differs")),
    h("dl", { class: "hashes" },
      h("div", {}, h("dt", {}, about), h("dd", { class: "mono" }, said || "none")),
      h("div", {}, h("dt", {}, `${how}, computed here`),
        h("dd", { class: "mono" }, computed))));
}

// `http://host:port/name` -> `http://host:port/healthz`, to be read by a person.
function runtimeHealth(address) {
  try {
    const url = new URL(address);
    return /^https?:$/.test(url.protocol) ? `${url.origin}/healthz` : null;
  } catch {
    return null;
  }
}
