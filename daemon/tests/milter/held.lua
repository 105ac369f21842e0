-- DATA where it is sent, a long body, a message on hold, and an end without goodbye.
local function fail(why) mt.echo("FAILED: " .. why) error(why) end
conn = mt.connect(socket)
mt.negotiate(conn, 6, 0, 0x1ff)
mt.conninfo(conn, "client.example", "198.51.100.7")
mt.helo(conn, "client.example")
mt.mailfrom(conn, "<ann@here.example>")
mt.rcptto(conn, "<bob@there.example>")
mt.data(conn)
mt.header(conn, "Subject", "please hold me")
mt.header(conn, "From", "Ann <ann@here.example>")
mt.header(conn, "To", "Bob <bob@there.example>")
mt.header(conn, "Message-ID", "<1@here.example>")
mt.eoh(conn)
for _ = 1, 20 do mt.bodystring(conn, string.rep("See you at noon, Bob.\r\n", 600)) end
mt.eom(conn)
if mt.getreply(conn) ~= SMFIR_CONTINUE then fail("end of message: " .. mt.getreply(conn)) end
if not mt.eom_check(conn, MT_QUARANTINE) then fail("not held") end
mt.disconnect(conn, false)
