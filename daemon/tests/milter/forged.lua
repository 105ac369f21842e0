-- Fields of ours that a message brings along go, however often and however written.
local function fail(why) mt.echo("FAILED: " .. why) error(why) end
conn = mt.connect(socket)
mt.conninfo(conn, "client.example", "198.51.100.7")
mt.mailfrom(conn, "<ann@here.example>")
mt.rcptto(conn, "<bob@there.example>")
mt.header(conn, "Subject", "lunch")
mt.header(conn, "X-Spam-Flag", "NO")
mt.header(conn, "x-spam-flag", "NO")
mt.header(conn, "X-TAMIS-VERDICT", "accept")
mt.eoh(conn)
mt.bodystring(conn, "Hello\r\n")
mt.eom(conn)
if not mt.eom_check(conn, MT_HDRDELETE, "X-Spam-Flag") then fail("X-Spam-Flag stays") end
if not mt.eom_check(conn, MT_HDRDELETE, "X-Tamis-Verdict") then fail("X-Tamis-Verdict stays") end
if mt.eom_check(conn, MT_HDRDELETE, "Subject") or mt.eom_check(conn, MT_BODYCHANGE) then fail("more is changed") end
mt.disconnect(conn)
