import UtilityModel

extension CatalogEntry {
  /// The document as it is first written: the LLD's fields in the LLD's order and types, then the
  /// agent's. `contents` become `filecontents`. Source: LLD, "tasks Collection".
  func document(contents: [UInt8]?) -> BSON {
    BSON { document in
      write(to: document, isNew: true)
      if let contents { document.set(binary: "filecontents", contents) }
    }
  }

  /// The fields that an update sets: all but what the platform keeps on the document. A list of
  /// playbooks is the platform's where the sidecar names none.
  func update(contents: [UInt8]?) -> BSON {
    BSON { document in
      write(to: document, isNew: false)
      if let contents { document.set(binary: "filecontents", contents) }
    }
  }

  private func write(to document: BSON, isNew: Bool) {
    document.set("name", name)
    document.set("id", id)
    document.set("displayname", displayname)
    document.set("description", description)
    document.set("type", type)
    document.set("fields", fields)
    document.set("createddate", createddate)
    document.set("updateddate", updateddate)
    document.set("status", status.rawValue)
    document.set("tasks_tag", tasksTag)
    document.set("task_handler", taskHandler)
    document.set("rest_url", restURL)
    document.set("method", method)
    document.set("tenantcode", tenantcode)
    document.set("filename", filename)
    document.set("packages", packages)
    document.set("port", port)
    document.set("foldername", foldername)
    document.set("userid", userid)
    document.set("customutils", customutils)
    document.set("integration_id", integrationID)
    if isNew { document.set("utils_used", utilsUsed) }
    document.set("rest_end", restEnd)
    document.set("input_params", inputParams)
    document.set("parameters", parameters)
    document.set("functionname", functionname)
    document.set("outputfields", outputfields)
    if isNew || !playbookNames.isEmpty { document.set("playbook_name", playbookNames) }
    document.set("category", category)
    document.set("filehash", filehash)
    document.set("metahash", metahash)
    document.set("env", env)
    if let quarantine {
      document.set("quarantine") {
        $0.set("revision", quarantine.revision)
        $0.set("findings", quarantine.findings.map(BSON.init(finding:)))
      }
    } else {
      document.setNull("quarantine")
    }
    document.set("sync", sync.document)
  }

  /// Reads a stored document, and collects the members that are not the agent's. Throws
  /// `CatalogError` (`corrupt`).
  init(document: BSON, unknown: inout UnknownMembers) throws(CatalogError) {
    let text = document.without("_id", "filecontents").json
    try self.init(json: text, unknown: &unknown)
    for index in unknown.members.indices {
      unknown.members[index].value = ExtendedJSON.compact(unknown.members[index].value)
    }
  }
}

extension SyncStamp {
  fileprivate var document: BSON {
    BSON { document in
      document.set("revision", revision)
      document.set("branch", branch)
      document.set("path", path)
      document.set("blob", blob)
      document.set("author", author)
      document.set("author_email", authorEmail)
      document.set("authored_at", authoredAt)
      document.set("committer", committer)
      document.set("approved_by", approvedBy)
      document.set("findings", findings.map(BSON.init(finding:)))
      document.set("synced_at", syncedAt)
      if let rollback {
        document.set("rollback") { document in
          document.set("revision", rollback.revision)
          document.set("instead_of", rollback.insteadOf)
          document.set("actor", rollback.actor)
          document.set("reason", rollback.reason)
          document.set("at", rollback.at)
        }
      }
    }
  }
}

extension BSON {
  fileprivate convenience init(finding: Finding) {
    self.init { document in
      document.set("path", finding.path)
      document.set("line", Int32(clamping: finding.line))
      document.set("column", Int32(clamping: finding.column))
      document.set("rule", finding.rule)
      document.set("severity", finding.severity.rawValue)
      document.set("message", finding.message)
      document.set("hint", finding.hint)
    }
  }
}

/// Extended JSON as libbson writes it.
enum ExtendedJSON {
  /// The same text without the white space between its parts.
  static func compact(_ json: some Collection<UInt8>) -> ArraySlice<UInt8> {
    var text: [UInt8] = []
    text.reserveCapacity(json.count)
    var (isInString, isEscaped) = (false, false)
    for byte in json {
      if isInString {
        text.append(byte)
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
      } else if byte > 0x20 {
        text.append(byte)
        isInString = byte == UInt8(ascii: "\"")
      }
    }
    return text[...]
  }
}
