/* The header alone, as C99: it needs nothing before it, and may be there twice. */
#include <tamis.h>
#include <tamis.h>

int main(void) {
  const tamis_direction direction = TAMIS_OUTBOUND;
  const tamis_log_level level = TAMIS_LOG_NOTE;
  return direction == 1 && level == 3 && tamis_abi_version() == TAMIS_ABI_VERSION ? 0 : 1;
}
