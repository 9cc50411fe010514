/* The XML reader: what S3 servers send is read, and nothing that is cut or not XML passes for an answer. */
#include "lib/testlib.h"
#include "lib/xmllib.h"

static void reads(const char *xml, const char *expected)
{
    RA_BUF_AUTO out = {0};
    RA_ERR_AUTO err = {0};
    t_ok(t_xml_events(xml, strlen(xml), 0, &out, &err), &err);
    assert_string_equal(ra_buf_str(&out), expected);
    for (size_t size = 1; size <= 9; size++) {
        ra_buf_clear(&out);
        t_ok(t_xml_events(xml, strlen(xml), size, &out, &err), &err);
        assert_string_equal(ra_buf_str(&out), expected);
    }
}

/* Without the place, which may be told earlier when the rest is not there yet. */
static const char *why_of(const struct ra_err *err)
{
    const char *colon = strchr(ra_err_text(err), ':');
    return colon ? colon : "";
}

static void refuses(const char *xml, const char *why)
{
    RA_BUF_AUTO out = {0};
    RA_ERR_AUTO err = {0};
    int rc = t_xml_events(xml, strlen(xml), 0, &out, &err);
    if (rc != -RA_CORRUPT || !strstr(ra_err_text(&err), why))
        fail_msg("'%s' gives %d: %s", xml, rc, ra_err_text(&err));
    for (size_t size = 1; size <= 9; size++) {
        RA_ERR_AUTO again = {0};
        rc = t_xml_events(xml, strlen(xml), size, &out, &again);
        if (rc != -RA_CORRUPT || strcmp(why_of(&again), why_of(&err)) != 0)
            fail_msg("'%s' in pieces of %zu gives %d: %s", xml, size, rc, ra_err_text(&again));
    }
}

static const char listing[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n"
    "  <Name>b</Name><Prefix/>\n"
    "  <Contents><Key>a&amp;b&#x2F;&#233;</Key><Size>5</Size><Owner ><ID>x</ID></Owner></Contents>\n"
    "</ListBucketResult>\n";

static void elements_end_with_path_and_text(void **state)
{
    (void)state;
    reads(listing, "ListBucketResult/Name=b;ListBucketResult/Prefix=;ListBucketResult/Contents/Key=a&b/é;"
                   "ListBucketResult/Contents/Size=5;ListBucketResult/Contents/Owner/ID=x;"
                   "ListBucketResult/Contents/Owner=;ListBucketResult/Contents=;ListBucketResult=;");
    reads("<a/>", "a=;");
    reads("\n <a b='1' c = \"2\"/> ", "a=;");
    reads("<a><!-- no <b> here --><b>x<!-- y -->z</b></a>", "a/b=xz;a=;");
    reads("<a> x </a>", "a= x ;");
    reads("<a>&lt;&gt;&quot;&apos;&amp;</a>", "a=<>\"'&;");
}

static void every_cut_is_seen(void **state)
{
    (void)state;
    size_t end = strlen(listing) - 1;
    for (size_t n = 0; n < end; n++) {
        RA_BUF_AUTO out = {0};
        RA_ERR_AUTO err = {0};
        t_fails(t_xml_events(listing, n, 0, &out, &err), RA_CORRUPT, &err);
        t_fails(t_xml_events(listing, n, 7, &out, &err), RA_CORRUPT, &err);
    }
}

static void what_is_no_xml_is_refused(void **state)
{
    (void)state;
    refuses("", "too early");
    refuses("hello", "text beside");
    refuses("<a></b>", "fits no start tag");
    refuses("<a></ab>", "fits no start tag");
    refuses("</a>", "fits no start tag");
    refuses("<a/><b/>", "goes on");
    refuses("<a>&nope;</a>", "unknown reference");
    refuses("<a>&#0;</a>", "unknown reference");
    refuses("<a>&#xD800;</a>", "unknown reference");
    refuses("<a>&#x110000;</a>", "unknown reference");
    refuses("<a>&#;</a>", "unknown reference");
    refuses("<a>&amp</a>", "starts no reference");
    refuses("<a b></a>", "without a value");
    refuses("<a b=c></a>", "without quotes");
    refuses("<a b='c></a>", "without an end");
    refuses("<a b='c'd='e'></a>", "blank is missing");
    refuses("<1a></1a>", "without a name");
    refuses("<a>\x01</a>", "control character");
    refuses("<a>text<b/></a>", "text beside");
    refuses("<a><b/>text</a>", "text beside");
    refuses("<!DOCTYPE a><a/>", "without a name");
    refuses("<a><![CDATA[x]]></a>", "without a name");
    refuses("<a><?php ?></a>", "without a name");
    refuses("<html><body><h1>503</h1><p>no<br></body></html>", "text beside");
}

static void depth_and_names_have_limits(void **state)
{
    (void)state;
    RA_BUF_AUTO xml = {0};
    for (int i = 0; i <= RA_XML_DEPTH; i++)
        ra_buf_adds(&xml, "<e>");
    refuses(ra_buf_str(&xml), "too deep");
    ra_buf_clear(&xml);
    ra_buf_addc(&xml, '<');
    for (int i = 0; i <= RA_XML_NAME; i++)
        ra_buf_addc(&xml, 'n');
    ra_buf_adds(&xml, "/>");
    refuses(ra_buf_str(&xml), "without a name");
}

static void a_tag_has_a_limit_however_it_comes(void **state)
{
    (void)state;
    RA_BUF_AUTO xml = {0};
    RA_BUF_AUTO out = {0};
    ra_buf_adds(&xml, "<a><!--");
    for (size_t i = 0; i < RA_XML_TAG; i++)
        ra_buf_addc(&xml, 'x');
    ra_buf_adds(&xml, "--></a>");
    static const size_t sizes[] = {1000, 4096, RA_XML_TAG, 2 * RA_XML_TAG};
    for (size_t i = 0; i < RA_COUNT(sizes); i++) {
        RA_ERR_AUTO err = {0};
        assert_int_equal(t_xml_events(ra_buf_str(&xml), xml.len, sizes[i], &out, &err), -RA_CORRUPT);
        assert_string_equal(ra_err_text(&err), "malformed XML at byte 3: a tag that is too long");
    }
    RA_ERR_AUTO err = {0};
    t_fails(t_xml_events(ra_buf_str(&xml), xml.len, 0, &out, &err), RA_CORRUPT, &err);
}

static void the_longest_path_fits(void **state)
{
    (void)state;
    RA_BUF_AUTO xml = {0};
    RA_BUF_AUTO out = {0};
    RA_ERR_AUTO err = {0};
    char name[RA_XML_NAME + 1];
    memset(name, 'x', RA_XML_NAME);
    name[RA_XML_NAME] = '\0';
    for (int i = 0; i < RA_XML_DEPTH; i++)
        ra_buf_addf(&xml, "<%s>", name);
    for (int i = 0; i < RA_XML_DEPTH; i++)
        ra_buf_addf(&xml, "</%s>", name);
    t_ok(t_xml_events(ra_buf_str(&xml), xml.len, 0, &out, &err), &err);
}

static void escaping_is_undone_by_reading(void **state)
{
    (void)state;
    RA_BUF_AUTO xml = {0};
    RA_BUF_AUTO out = {0};
    ra_buf_adds(&xml, "<a>");
    ra_xml_escape(&xml, "<&>\"' \t\r\n é");
    ra_buf_adds(&xml, "</a>");
    assert_string_equal(ra_buf_str(&xml), "<a>&lt;&amp;&gt;&quot;&apos; &#9;&#13;&#10; é</a>");
    assert_int_equal(t_xml_events(ra_buf_str(&xml), xml.len, 0, &out, NULL), 0);
    assert_string_equal(ra_buf_str(&out), "a=<&>\"' \t\r\n é;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_end_with_path_and_text),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(what_is_no_xml_is_refused),
        cmocka_unit_test(depth_and_names_have_limits),
        cmocka_unit_test(the_longest_path_fits),
        cmocka_unit_test(a_tag_has_a_limit_however_it_comes),
        cmocka_unit_test(escaping_is_undone_by_reading),
    };
    return T_RUN(tests);
}
