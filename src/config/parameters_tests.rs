use super::*;

fn apply_to(file: &Render, list: &str) -> Result<Render, String> {
    apply(file, list).map_err(|e| e.to_string())
}

fn of(list: &str) -> Result<Render, String> {
    apply_to(&Render::default(), list)
}

#[test]
fn none_change_nothing() {
    for text in ["null", "[]", r#"[{"name":"rendergate-bundle","string":"0"}]"#] {
        assert_eq!(of(text).unwrap().renderer, None, "{text}");
    }
}

#[test]
fn native_fields_under_their_own_names() {
    let render = of(r#"[
        {"name":"helm.valueFiles","array":["a.yaml","/b.yaml"]},
        {"name":"helm.parameters","map":{"b":"2","a":"1"}},
        {"name":"helm.stringParameters","map":{"c":"3"}},
        {"name":"helm.fileParameters","map":{"d":"x.txt"}},
        {"name":"helm.skipCrds","string":"true"},
        {"name":"helm.releaseName","string":""}
    ]"#)
    .unwrap();
    assert_eq!(render.renderer, Some(Renderer::Helm));
    let helm = render.helm.unwrap();
    assert_eq!(helm.value_files, ["a.yaml", "/b.yaml"]);
    let parameters: Vec<_> = helm.parameters.iter().map(|p| (p.name.as_str(), p.force_string)).collect();
    assert_eq!(parameters, [("a", false), ("b", false), ("c", true)]);
    assert_eq!(helm.file_parameters[0].path, "x.txt");
    assert!(helm.skip_crds && helm.release_name.is_none());

    let render = of(r#"[
        {"name":"kustomize.images","array":["a=b:1"]},
        {"name":"kustomize.replicas","map":{"web":"3"}},
        {"name":"kustomize.patches","string":"- {path: p.yaml}\n"}
    ]"#)
    .unwrap();
    let kustomize = render.kustomize.unwrap();
    assert_eq!((kustomize.replicas[0].count, kustomize.patches.len()), (3, 1));
    assert!(!kustomize.changes_nothing());

    let render = of(r#"[{"name":"directory.recurse","string":"true"},
        {"name":"directory.jsonnet.tlaCode","map":{"n":"1+1"}}]"#);
    let render = render.unwrap();
    assert_eq!(render.renderer, Some(Renderer::Plain));
    assert!(render.plain.unwrap().recurse && render.jsonnet.unwrap().top_level_code.len() == 1);
}

#[test]
fn a_parameter_takes_the_place_of_the_file() {
    let helm =
        Helm { value_files: vec!["file.yaml".to_owned()], release_name: Some("file".to_owned()), ..Helm::default() };
    let file = Render { renderer: Some(Renderer::Helm), helm: Some(helm), ..Render::default() };
    let merged = apply_to(&file, r#"[{"name":"helm.valueFiles","array":["p.yaml"]}]"#).unwrap().helm.unwrap();
    assert_eq!((merged.value_files[0].as_str(), merged.release_name.as_deref()), ("p.yaml", Some("file")));
}

#[test]
fn two_renderers_are_an_error() {
    let two = r#"[{"name":"helm.skipCrds","string":"true"},{"name":"kustomize.namePrefix","string":"a-"}]"#;
    assert_eq!(
        of(two).unwrap_err(),
        "plugin parameter 'kustomize.namePrefix': asks for another renderer than parameter helm.skipCrds: only one is allowed"
    );
    let file = Render { renderer: Some(Renderer::Plain), ..Render::default() };
    let error = apply_to(&file, r#"[{"name":"type","string":"helm"}]"#).unwrap_err();
    assert!(error.contains("another renderer than render.type of .rendergate.yaml"), "{error}");
    let file = Render { renderer: Some(Renderer::Jsonnet), ..Render::default() };
    let merged = apply_to(&file, r#"[{"name":"directory.recurse","string":"true"}]"#).unwrap();
    assert_eq!(merged.renderer, Some(Renderer::Jsonnet));
}

#[test]
fn what_is_wrong_is_named_and_not_quoted() {
    for (list, expected) in [
        ("{", "plugin parameter list: ARGOCD_APP_PARAMETERS is not JSON"),
        ("{}", "plugin parameter list: ARGOCD_APP_PARAMETERS is not a list"),
        ("[1]", "plugin parameter list: ARGOCD_APP_PARAMETERS holds an entry without a name"),
        (
            r#"[{"name":"helm.valuesFiles","array":["s3cret"]}]"#,
            "plugin parameter 'helm.valuesFiles': there is no such parameter: did you mean 'helm.valueFiles'?",
        ),
        (
            r#"[{"name":"enforcement","string":"audit"}]"#,
            "plugin parameter 'enforcement': there is no such parameter: see docs/rendering.md",
        ),
        (
            r#"[{"name":"helm.valueFiles","string":"s3cret"}]"#,
            "plugin parameter 'helm.valueFiles': must be given as 'array'",
        ),
        (
            r#"[{"name":"helm.skipCrds","string":"s3cret"}]"#,
            "plugin parameter 'helm.skipCrds': must be given as 'true' or 'false'",
        ),
        (
            r#"[{"name":"type","string":"s3cret"}]"#,
            "plugin parameter 'type': must be plain, kustomize, helm or jsonnet",
        ),
        (
            r#"[{"name":"kustomize.replicas","map":{"a":"s3cret"}}]"#,
            "plugin parameter 'kustomize.replicas': 'a' is no whole number",
        ),
        (r#"[{"name":"type","string":""},{"name":"type","string":""}]"#, "plugin parameter 'type': is given twice"),
    ] {
        assert_eq!(of(list).unwrap_err(), expected, "{list}");
    }
}

#[test]
fn names_are_unique_and_begin_with_their_renderer() {
    for (index, parameter) in PARAMETERS.iter().enumerate() {
        assert!(PARAMETERS[..index].iter().all(|p| p.name != parameter.name), "{}", parameter.name);
        let prefix = match parameter.renderer {
            None => continue,
            Some(Renderer::Plain | Renderer::Jsonnet) => "directory.",
            Some(Renderer::Helm) => "helm.",
            Some(Renderer::Kustomize) => "kustomize.",
        };
        assert!(parameter.name.starts_with(prefix), "{}", parameter.name);
    }
}
