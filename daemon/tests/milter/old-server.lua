-- Every step is sent and answered.
conn = mt.connect(socket)
mt.negotiate(conn, 2, 0x3f, 0)
local function continues(what)
  if mt.getreply(conn) ~= SMFIR_CONTINUE then error(what .. ": " .. mt.getreply(conn)) end
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
if not mt.eom_check(conn, MT_HDRADD, "X-Spam-Flag", "YES") then error("not marked") end
if not mt.eom_check(conn, MT_HDRADD, "X-Tamis-Verdict") then error("no verdict") end
mt.disconnect(conn)
