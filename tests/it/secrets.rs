//! Canaries: whatever a Secret holds never reaches stdout or stderr of a failing, erroring or
//! malformed run, raw or in base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use crate::gate::{Gate, Ran};

/// 24 bytes that look random, as text; different for each `n`.
fn canary(n: u64) -> String {
    let mut state = n.wrapping_add(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..24)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/-_";
            char::from(letters[usize::try_from(state % letters.len() as u64).expect("works in a test")])
        })
        .collect()
}

/// A Secret with canaries in data (1), stringData (2), annotations (3) and labels (4).
fn secret() -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations: {{note: {:?}}}\n  labels: {{who: {:?}}}\ndata: {{k: {:?}}}\nstringData: {{k2: {:?}}}\n",
        canary(3),
        canary(4),
        STANDARD.encode(canary(1)),
        canary(2),
    )
}

#[track_caller]
fn assert_hidden(ran: &Ran) {
    for n in 1..=6 {
        let canary = canary(n);
        let forms = [
            canary.clone(),
            STANDARD.encode(&canary),
            STANDARD_NO_PAD.encode(&canary),
            URL_SAFE.encode(&canary),
            STANDARD.encode(STANDARD.encode(&canary)),
        ];
        for form in forms {
            for (name, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
                assert!(!text.contains(&form), "canary {n} is on {name}: {text}");
            }
        }
    }
    assert_ne!(ran.status, 0);
    assert_eq!(ran.stdout, "");
}

fn policy(name: &str, validate: &str) -> String {
    format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: {name}}}\nspec:\n  rules:\n  - name: r\n    \
         match: {{any: [{{resources: {{kinds: [Secret]}}}}]}}\n    validate:\n      failureAction: Enforce\n{validate}"
    )
}

#[test]
fn messages_that_show_what_a_secret_holds() {
    let gate = Gate::new().file("s.yaml", secret());
    let quoting = [
        ("raw", "{{ request.object.data.k }} {{ request.object.stringData.k2 }}"),
        ("decoded", "{{ base64_decode(request.object.data.k) }}"),
        ("encoded", "{{ base64_encode(request.object.stringData.k2) }}"),
        ("metadata", "{{ request.object.metadata.annotations.note }} {{ request.object.metadata.labels.who }}"),
        ("whole", "{{ request.object }}"),
        ("upper-part", "{{ truncate(request.object.stringData.k2, `12`) }}"),
    ];
    for (name, message) in quoting {
        let validate =
            format!("      message: \"shows {message}\"\n      pattern: {{metadata: {{labels: {{team: '?*'}}}}}}\n");
        gate.write(&format!("policies/{name}.yaml"), policy(name, &validate));
    }
    let ran = gate.run();
    assert_eq!(ran.status, 1);
    assert_hidden(&ran);
    assert!(ran.stderr.contains("[redacted]"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(&canary(2)[..12]), "a part is shown: {}", ran.stderr);
}

#[test]
fn patterns_and_conditions_whose_failure_names_the_value() {
    let gate = Gate::new().file("s.yaml", secret());
    gate.write(
        "policies/pattern.yaml",
        policy("pattern", "      pattern: {data: {k: '<10'}, stringData: {k2: other}}\n"),
    );
    let deny = "      deny:\n        conditions:\n          any:\n          - {key: \"{{ request.object.stringData.k2 }}\", operator: \
                NotEquals, value: x, message: \"{{ request.object.stringData.k2 }} is bad\"}\n";
    gate.write("policies/deny.yaml", policy("deny", deny));
    let ran = gate.run();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_hidden(&ran);
}

#[test]
fn rules_that_break_on_a_secret() {
    let gate = Gate::new().file("s.yaml", secret());
    for (name, key) in [
        ("number", "{{ to_number(request.object.stringData.k2) | add(@, `1`) }}"),
        ("decode", "{{ base64_decode(request.object.stringData.k2) }}"),
        ("time", "{{ time_since('', request.object.stringData.k2, '') }}"),
        ("json", "{{ parse_json(request.object.stringData.k2) }}"),
        ("regex", "{{ regex_match(request.object.stringData.k2, '[') }}"),
        ("semver", "{{ semver_compare(request.object.stringData.k2, '>1') }}"),
        ("missing", "{{ request.object.stringData.\\\"{{request.object.stringData.k2}}\\\" }}"),
    ] {
        let deny = format!(
            "      deny:\n        conditions:\n          any:\n          - {{key: \"{key}\", operator: Equals, value: x}}\n"
        );
        gate.write(&format!("policies/{name}.yaml"), policy(name, &deny));
    }
    let ran = gate.run();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_hidden(&ran);
}

#[test]
fn malformed_secrets() {
    let [five, six] = [canary(5), canary(6)];
    for text in [
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata: {{k: \"{five}\n"),
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData:\n  k: {five}\n {six}: x\n"),
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData:\n  k: *{five}\n"),
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData:\n  k: !{five} {six}\n  @{five}: x\n"),
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata: {{{five}: 1, {five}: 2}}\n---\n{six}\n"),
        format!("apiVersion: v1\nmetadata: {{name: s}}\nstringData: {{k: {five}}}\n"),
        format!("apiVersion: v1\nkind: Secret\nstringData: {{k: {five}}}\n"),
        format!("apiVersion: v1\nkind: [{five}]\nmetadata: {{name: s}}\nstringData: {{k: {six}}}\n"),
        format!("apiVersion: v1\nkind: List\nitems:\n- {five}\n- kind: Secret\n  stringData: {{k: {six}}}\n"),
    ] {
        let ran = Gate::new().file("s.yaml", &text).run();
        assert_eq!(ran.status, 2, "{text}: {}", ran.stderr);
        assert_hidden(&ran);
    }
    let json = format!("{{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"stringData\":{{\"k\":\"{five}\"}} {six}}}");
    let ran = Gate::new().file("s.json", json).run();
    assert_eq!(ran.status, 2);
    assert_hidden(&ran);
}

#[test]
fn the_report_of_a_failing_run_in_every_form() {
    let validate = "      message: \"shows {{ request.object.stringData.k2 }}\"\n      pattern: {metadata: {labels: {team: '?*'}}}\n";
    for (form, sign) in [
        ("json", "\"verdict\":\"denied\""),
        ("sarif", "\"ruleId\":\"raw/"),
        ("junit", "<testsuite name=\"raw\""),
        ("github", "::error file="),
    ] {
        let gate = Gate::new().file("s.yaml", secret());
        gate.write("policies/raw.yaml", policy("raw", validate));
        let report = gate.path("report");
        let gate = gate.argument("--report").argument(report.to_str().expect("works in a test"));
        let gate = gate.argument("--report-format").argument(form);
        assert_hidden(&gate.run());
        let text = std::fs::read_to_string(report).expect("works in a test");
        assert!(text.contains(sign) && text.contains("[redacted]") && text.contains("s.yaml"), "{form}: {text}");
        assert!(!text.contains(&canary(2)), "{form}: {text}");
    }
}
