//! What `if` lines may ask for: the plug-ins that Debian's SpamAssassin loads, and what its version can do. Rules of plug-ins that
//! ask the network are read too, so that what depends on them reads as with SpamAssassin's network tests off.

/// The version that files are read for.
pub(super) const VERSION: f64 = 4.000_001;

/// The plug-ins of `Mail::SpamAssassin::Plugin`, sorted.
const PLUGINS: &[&str] = &[
    "AskDNS",
    "AutoLearnThreshold",
    "Bayes",
    "BodyEval",
    "Check",
    "DKIM",
    "DMARC",
    "DNSEval",
    "Dmarc",
    "FreeMail",
    "HTMLEval",
    "HTTPSMismatch",
    "HashBL",
    "HeaderEval",
    "ImageInfo",
    "MIMEEval",
    "MIMEHeader",
    "Pyzor",
    "Razor2",
    "RelayEval",
    "ReplaceTags",
    "SPF",
    "SpamCop",
    "URIDNSBL",
    "URIDetail",
    "URIEval",
    "VBounce",
    "WLBLEval",
    "WelcomeListSubject",
    "WhiteListSubject",
];
/// What `Mail::SpamAssassin::Conf` can do, sorted.
const FEATURES: &[&str] = &[
    "compat_welcomelist_blocklist",
    "feature_bayes_auto_learn_on_error",
    "feature_bayes_stopwords",
    "feature_blocklist_welcomelist",
    "feature_bug6558_free",
    "feature_capture_rules",
    "feature_compile_regexp",
    "feature_dns_block_rule",
    "feature_dns_local_ports_permit_avoid",
    "feature_dns_query_restriction",
    "feature_edns",
    "feature_geodb",
    "feature_get_host",
    "feature_header_address_parser",
    "feature_header_first_last",
    "feature_header_match_many",
    "feature_local_tests_only",
    "feature_meta_rules_matching",
    "feature_originating_ip_headers",
    "feature_registryboundaries",
    "feature_subjprefix",
    "feature_uri_host_listed",
    "feature_welcomelist_blocklist",
    "feature_yesno_takes_args",
    "has_tflags_nolog",
    "has_tflags_nosubject",
    "perl_min_version_5010000",
];
/// What plug-ins can do, sorted.
const CAN: &[&str] = &[
    "AskDNS::has_tag_header",
    "BodyEval::has_check_body_length",
    "BodyEval::has_plaintext_body_sig_ratio",
    "DKIM::has_arc",
    "DNSEval::has_tflags_domains_only",
    "DNSEval::has_tflags_ips_only",
    "HashBL::has_hashbl_attachments",
    "HashBL::has_hashbl_bodyre",
    "HashBL::has_hashbl_bodyre_num",
    "HashBL::has_hashbl_email_domain",
    "HashBL::has_hashbl_email_domain_alias",
    "HashBL::has_hashbl_email_regex",
    "HashBL::has_hashbl_email_welcomelist",
    "HashBL::has_hashbl_email_whitelist",
    "HashBL::has_hashbl_emails",
    "HashBL::has_hashbl_ignore",
    "HashBL::has_hashbl_sha256",
    "HashBL::has_hashbl_tag",
    "HashBL::has_hashbl_uris",
    "MIMEEval::has_check_abundant_unicode_ratio",
    "MIMEEval::has_check_for_ascii_text_illegal",
    "MIMEEval::has_check_qp_ratio",
    "MIMEHeader::has_all_header",
    "MIMEHeader::has_capture_rules",
    "MIMEHeader::has_tflags_concat",
    "MIMEHeader::has_tflags_multiple",
    "MIMEHeader::has_tflags_range",
    "Pyzor::has_fork",
    "Pyzor::has_perl",
    "Razor2::has_fork",
    "SPF::has_check_for_spf_errors",
    "SPF::has_check_spf_skipped_noenvfrom",
    "URIDNSBL::has_subtest_for_ranges",
    "URIDNSBL::has_tflags_domains_only",
    "URIDNSBL::has_tflags_notrim",
    "URIDNSBL::has_uridnsbl_a_ns",
    "URIDNSBL::has_uridnsbl_for_a",
    "URIDNSBL::has_uridnsbl_skip_mailto",
    "URIDetail::has_host_key",
];

/// Whether `plugin(NAME)`, `can(NAME)` or `has(NAME)` is so.
pub(super) fn known(word: &str, name: &str) -> bool {
    if let Some(plugin) = name.strip_prefix("Mail::SpamAssassin::Plugin::") {
        return match word {
            // Asked for by files for newer versions; says that a list of words is gone.
            "plugin" => plugin == "RaciallyCharged" || PLUGINS.binary_search(&plugin).is_ok(),
            _ => CAN.binary_search(&plugin).is_ok(),
        };
    }
    let feature = name.strip_prefix("Mail::SpamAssassin::Conf::");
    word != "plugin" && feature.is_some_and(|it| FEATURES.binary_search(&it).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(PLUGINS.is_sorted() && FEATURES.is_sorted() && CAN.is_sorted());
        assert!(known("can", "Mail::SpamAssassin::Plugin::DKIM::has_arc"));
        assert!(!known("plugin", "Mail::SpamAssassin::Plugin::TxRep"));
    }
}
