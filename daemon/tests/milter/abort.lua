-- What was given up leaves nothing behind, and the connection goes on.
local function fail(why) mt.echo("FAILED: " .. why) error(why) end
conn = mt.connect(socket)
mt.conninfo(conn, "client.example", "198.51.100.7")
for _ = 1, 3 do
  mt.mailfrom(conn, "<ann@here.example>")
  mt.rcptto(conn, "<abuse@there.example>")
  mt.header(conn, "Subject", "please refuse me")
  mt.abort(conn)
end
mt.mailfrom(conn, "<ann@here.example>")
mt.rcptto(conn, "<bob@there.example>")
if mt.getreply(conn) ~= SMFIR_CONTINUE then fail("the profile of a recipient that was given up still counts") end
mt.header(conn, "Subject", "lunch")
mt.eoh(conn)
mt.bodystring(conn, "Hello\r\n")
mt.eom(conn)
if mt.getreply(conn) ~= SMFIR_CONTINUE then fail("end of message: " .. mt.getreply(conn)) end
if mt.eom_check(conn, MT_HDRADD, "X-Spam-Flag") then fail("marked for what was given up") end
-- The next message of the same connection.
mt.mailfrom(conn, "<ann@here.example>")
mt.rcptto(conn, "<bob@there.example>")
mt.header(conn, "Subject", "please refuse me")
mt.eoh(conn)
mt.bodystring(conn, "Hello\r\n")
mt.eom(conn)
if mt.getreply(conn) ~= SMFIR_REPLYCODE then fail("not refused") end
mt.disconnect(conn)
