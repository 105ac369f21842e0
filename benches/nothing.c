/* A milter that does nothing, by libmilter: it asks for the callbacks that `tamis serve` asks for, takes the whole message,
 * and lets it pass. What Postfix and libmilter cost without a filter; benches/milter.py runs it.
 *
 *     cc nothing.c -lmilter -lpthread -o nothing && ./nothing inet:PORT@127.0.0.1
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>

static sfsistat on_connect(SMFICTX *c, char *host, _SOCK_ADDR *address) { (void)c; (void)host; (void)address; return SMFIS_CONTINUE; }
static sfsistat on_helo(SMFICTX *c, char *name) { (void)c; (void)name; return SMFIS_CONTINUE; }
static sfsistat on_address(SMFICTX *c, char **words) { (void)c; (void)words; return SMFIS_CONTINUE; }
static sfsistat on_header(SMFICTX *c, char *name, char *value) { (void)c; (void)name; (void)value; return SMFIS_CONTINUE; }
static sfsistat on_body(SMFICTX *c, unsigned char *bytes, size_t count) { (void)c; (void)bytes; (void)count; return SMFIS_CONTINUE; }
static sfsistat on_step(SMFICTX *c) { (void)c; return SMFIS_CONTINUE; }

int main(int count, char **words)
{
    struct smfiDesc filter;
    memset(&filter, 0, sizeof filter);
    filter.xxfi_name = "nothing";
    filter.xxfi_version = SMFI_VERSION;
    filter.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_DELRCPT | SMFIF_QUARANTINE;
    filter.xxfi_connect = on_connect;
    filter.xxfi_helo = on_helo;
    filter.xxfi_envfrom = on_address;
    filter.xxfi_envrcpt = on_address;
    filter.xxfi_header = on_header;
    filter.xxfi_eoh = on_step;
    filter.xxfi_body = on_body;
    filter.xxfi_eom = on_step;
    filter.xxfi_abort = on_step;
    filter.xxfi_close = on_step;
    if (count != 2 || smfi_setconn(words[1]) != MI_SUCCESS || smfi_register(filter) != MI_SUCCESS) {
        fprintf(stderr, "usage: nothing inet:PORT@HOST\n");
        return 2;
    }
    return smfi_main() == MI_SUCCESS ? 0 : 2;
}
