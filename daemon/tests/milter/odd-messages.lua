-- Messages without header, without body, without recipients; null senders; unknown kinds of clients.
local function fail(why) mt.echo("FAILED: " .. why) error(why) end
local function message(client, from, to, fields, body)
  local conn = mt.connect(socket)
  mt.conninfo(conn, "client.example", client)
  mt.mailfrom(conn, from)
  if to then mt.rcptto(conn, to) end
  for name, value in pairs(fields) do mt.header(conn, name, value) end
  mt.eoh(conn)
  if body then mt.bodystring(conn, body) end
  mt.eom(conn)
  local reply = mt.getreply(conn)
  if reply ~= SMFIR_CONTINUE then fail("end of message: " .. reply) end
  if not mt.eom_check(conn, MT_HDRADD, "X-Spam-Score") then fail("no score") end
  mt.disconnect(conn)
end
message("198.51.100.7", "<ann@here.example>", "<bob@there.example>", {}, nil)
message("198.51.100.7", "<>", "<bob@there.example>", {Subject = "lunch"}, nil)
message("unspec", "<ann@here.example>", "<bob@there.example>", {Subject = ""}, "\r\n")
message("198.51.100.7", "<>", nil, {[""] = "no name", Subject = "lunch"}, "x")
