// Addresses of views. Everything that a person may want to send to another is in the hash:
//   #/                                   all tenants
//   #/tenants/CODE/SECTION?q=...         a tenant
//   #/tenants/CODE/utilities/ID/SECTION  a utility
//   #/commits/SHA?tenant=CODE            what became of a commit
//   #/token                              the token

/// What a hash asks for: `{name, ...parts, query}`.
export function parse(hash) {
  const [way, search = ""] = hash.replace(/^#/, "").split("?", 2);
  const query = Object.fromEntries(new URLSearchParams(search));
  const parts = way.split("/").filter(Boolean).map(decoded);
  const [root, tenant, kind, id, section] = parts;
  if (parts.length === 0) return { name: "tenants", query };
  if (root === "token" && parts.length === 1) return { name: "token", query };
  if (root === "commits" && parts.length <= 2) return { name: "commit", sha: tenant ?? "", query };
  if (root === "tenants" && tenant) {
    if (kind === "utilities" && id) {
      return { name: "utility", tenant, id, section: section ?? "code", query };
    }
    if (parts.length <= 3) return { name: "tenant", tenant, section: kind ?? "utilities", query };
  }
  return { name: "unknown", query };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/// The hash of a view; query values that are empty or null are left out.
export function hash(parts, query = {}) {
  const way = parts.map((part) => encodeURIComponent(part)).join("/");
  const given = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  const search = new URLSearchParams(given).toString();
  return `#/${way}${search ? `?${search}` : ""}`;
}

export const tenantHash = (tenant, section, query) =>
  hash(["tenants", tenant, ...(section && section !== "utilities" ? [section] : [])], query);

export const utilityHash = (tenant, id, section, query) =>
  hash(["tenants", tenant, "utilities", id, ...(section && section !== "code" ? [section] : [])],
    query);

export const commitHash = (sha, tenant) => hash(["commits", sha], { tenant });
