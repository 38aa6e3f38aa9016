extension CatalogEntry {
  /// The entry as one JSON object in UTF-8: the LLD's keys in the LLD's order, then the agent's.
  public var json: [UInt8] { json(with: UnknownMembers()) }

  /// The same, followed by the members that others put on the stored document.
  func json(with unknown: UnknownMembers) -> [UInt8] {
    var writer = JSONWriter(capacity: 2560)
    writer.openObject()
    writeIdentity(to: &writer)
    writeCall(to: &writer)
    writeSync(to: &writer)
    for (key, value) in unknown.members {
      writer.key(key)
      writer.raw(value)
    }
    writer.closeObject()
    return writer.bytes
  }

  private func writeIdentity(to writer: inout JSONWriter) {
    writer.key("name")
    writer.string(name)
    writer.key("id")
    writer.integer(Int64(id))
    writer.key("displayname")
    writer.string(displayname)
    writer.key("description")
    writer.string(description)
    writer.key("type")
    writer.string(type)
    writer.key("fields")
    writer.string(fields)
    writer.key("createddate")
    writer.integer(createddate)
    writer.key("updateddate")
    writer.integer(updateddate)
    writer.key("status")
    writer.string(status.rawValue)
    writer.key("tasks_tag")
    writer.string(tasksTag)
    writer.key("task_handler")
    writer.string(taskHandler)
    writer.key("rest_url")
    writer.string(restURL)
    writer.key("method")
    writer.string(method)
    writer.key("tenantcode")
    writer.string(tenantcode)
  }

  private func writeCall(to writer: inout JSONWriter) {
    writer.key("filename")
    writer.string(filename)
    writer.key("packages")
    writer.strings(packages)
    writer.key("port")
    writer.string(port)
    writer.key("foldername")
    writer.string(foldername)
    writer.key("userid")
    writer.integer(userid)
    writer.key("customutils")
    writer.boolean(customutils)
    writer.key("integration_id")
    writer.integer(Int64(integrationID))
    writer.key("utils_used")
    writer.boolean(utilsUsed)
    writer.key("rest_end")
    writer.string(restEnd)
    writer.key("input_params")
    writer.string(inputParams)
    writer.key("parameters")
    writer.string(parameters)
    writer.key("functionname")
    writer.string(functionname)
    writer.key("outputfields")
    writer.string(outputfields)
    writer.key("playbook_name")
    writer.strings(playbookNames)
    writer.key("category")
    writer.string(category)
  }

  private func writeSync(to writer: inout JSONWriter) {
    writer.key("filehash")
    writer.string(filehash)
    writer.key("metahash")
    writer.string(metahash)
    writer.key("env")
    writer.string(env)
    writer.key("quarantine")
    if let quarantine { quarantine.write(to: &writer) } else { writer.null() }
    writer.key("sync")
    sync.write(to: &writer)
  }
}
