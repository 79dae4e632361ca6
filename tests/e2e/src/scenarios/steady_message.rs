//! The text of a failing render is a function of commit and policies: reconciling again, from the cache or
//! not, leaves the condition as it is, so notifications do not fire again.

use crate::application::Refresh;
use crate::failure::Result;
use crate::manifests::violating_workload;
use crate::scenarios::violating_commit::verdict;
use crate::scene::Scene;
use crate::{ensure, ensure_eq};

pub fn run(scene: &Scene) -> Result<()> {
    let commit = scene.git.commit("Break a rule", &[("web.yaml", &violating_workload("web"))])?;
    let application = scene.application()?;
    let first = application.refresh(Refresh::Hard)?.comparison_error()?;
    ensure!(first.message.ends_with(&verdict(&commit, &scene.namespace)), "not our text: {}", first.message);
    // The time has a resolution of one second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    for how in [Refresh::Hard, Refresh::Hard, Refresh::Hard] {
        let again = application.refresh(how)?.comparison_error()?;
        ensure_eq!(again, first, "text and lastTransitionTime after another reconcile ({how:?})");
    }
    // A normal refresh finds it in Argo CD's cache: the text is marked once, and then stays.
    let remembered = application.refresh(Refresh::Normal)?.comparison_error()?;
    ensure!(remembered.message.ends_with(&verdict(&commit, &scene.namespace)), "not our text: {}", remembered.message);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    for _ in 0..3 {
        let again = application.refresh(Refresh::Normal)?.comparison_error()?;
        ensure_eq!(again, remembered, "text and lastTransitionTime after another normal refresh");
    }
    Ok(())
}
