"""Run the whole product on one machine, with stand-ins for everything outside it."""
