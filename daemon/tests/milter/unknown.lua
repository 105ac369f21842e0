-- Commands that we asked not to be sent, and ends without goodbye.
conn = mt.connect(socket)
mt.conninfo(conn, "client.example", "198.51.100.7")
mt.helo(conn, "client.example")
mt.unknown(conn, "XYZZY")
mt.mailfrom(conn, "<ann@here.example>")
mt.rcptto(conn, "<bob@there.example>")
mt.data(conn)
mt.header(conn, "Subject", "please hold me")
mt.eoh(conn)
mt.bodyrandom(conn, 300000)
mt.eom(conn)
if mt.getreply(conn) ~= SMFIR_CONTINUE then error("end of message: " .. mt.getreply(conn)) end
if not mt.eom_check(conn, MT_QUARANTINE) then error("not held") end
mt.disconnect(conn, false)
