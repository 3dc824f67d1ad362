#include "cli/password.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024 };

/* One byte at a time: what follows the line is for others. */
static size_t read_line(char *line, size_t max)
{
	size_t n = 0;

	while (n < max && read(STDIN_FILENO, line + n, 1) == 1 && line[n] != '\n')
		n++;
	return n;
}

bool cli_password(const char *prompt, struct secret *out, struct err *err)
{
	char line[PASSWORD_MAX];
	struct termios before, quiet;
	bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	size_t n;

	if (is_terminal) {
		quiet = before;
		quiet.c_lflag &= (tcflag_t)~ECHO;
		fprintf(stderr, "%s: ", prompt);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	n = read_line(line, sizeof(line));
	if (is_terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	if (n && n < sizeof(line))
		secret_set(out, line, n);
	explicit_bzero(line, sizeof(line));
	if (n == 0)
		return err_set(err, ERR_USAGE,
		               "no password: give it on standard input");
	if (n == sizeof(line))
		return err_set(err, ERR_USAGE, "the password is too long");
	return true;
}
