/* What GMime shows of each message: gmime FILE... A line for each part: file, digest, name, tabs between. */
#include <gmime/gmime.h>
#include <stdio.h>
#include <string.h>

static const char *file;

static void show(GMimeObject *parent, GMimeObject *object, gpointer data)
{
	(void)parent;
	(void)data;
	if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *inner = g_mime_message_part_get_message((GMimeMessagePart *)object);
		if (inner)
			g_mime_message_foreach(inner, show, NULL);
		return;
	}
	if (!GMIME_IS_PART(object))
		return;
	GMimeDataWrapper *content = g_mime_part_get_content((GMimePart *)object);
	if (!content)
		return;
	GMimeStream *stream = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(content, stream);
	GByteArray *bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
	gsize length = bytes->len;
	while (length && (bytes->data[length - 1] == '\n' || bytes->data[length - 1] == '\r'))
		length--;
	char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, length);
	const char *name = g_mime_part_get_filename((GMimePart *)object);
	char *safe = g_strescape(name ? name : "", NULL);
	printf("%s\t%s\t%s\n", file, digest, safe);
	g_free(safe);
	g_free(digest);
	g_object_unref(stream);
}

int main(int count, char **arguments)
{
	g_mime_init();
	for (int n = 1; n < count; n++) {
		file = arguments[n];
		printf("%s\t\t\n", file);
		GMimeStream *stream = g_mime_stream_file_open(file, "r", NULL);
		if (!stream)
			continue;
		GMimeParser *parser = g_mime_parser_new_with_stream(stream);
		GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
		if (message) {
			g_mime_message_foreach(message, show, NULL);
			g_object_unref(message);
		}
		g_object_unref(parser);
		g_object_unref(stream);
	}
	return 0;
}
