-- Every step is sent and answered.
local function fail(why) mt.echo("FAILED: " .. why) error(why) end
conn = mt.connect(socket)
mt.negotiate(conn, 2, 0, 0x3f)
local function continues(what)
  if mt.getreply(conn) ~= SMFIR_CONTINUE then fail(what .. ": " .. mt.getreply(conn)) end
end
mt.conninfo(conn, "client.example", "198.51.100.7") continues("connect")
mt.helo(conn, "client.example") continues("helo")
mt.mailfrom(conn, "<ann@here.example>") continues("mail")
mt.rcptto(conn, "<bob@there.example>") continues("rcpt")
mt.header(conn, "From", "ann@here.example") continues("header")
mt.header(conn, "Subject", "please tag me") continues("header")
mt.eoh(conn) continues("end of header")
mt.bodystring(conn, "Hello\r\n") continues("body")
mt.eom(conn)
continues("end of message")
if not mt.eom_check(conn, MT_HDRADD, "X-Spam-Flag", "YES") then fail("not marked") end
if not mt.eom_check(conn, MT_HDRADD, "X-Tamis-Verdict") then fail("no verdict") end
mt.disconnect(conn)
