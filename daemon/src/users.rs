//! Models of single users. Takes the configuration and an address, gives the site's model with what that user had learned on
//! top, and keeps those of the latest users; none for users who had nothing learned.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tamis_common::config::{Config, Model};
use tamis_engine::OwnModel;

use crate::session::Message;

/// Models that are kept; each takes some 4 MB, and 20 ms to be made anew.
const MOST: usize = 16;

/// How the files were that a model was made of.
type Stamp = Vec<(PathBuf, Option<(u64, Option<SystemTime>)>)>;

/// The models of the users whose mail came last.
#[derive(Debug, Default)]
pub(crate) struct Users {
    /// The one that was asked for last stands last.
    kept: Mutex<Vec<(Stamp, Option<Arc<OwnModel>>)>>,
}

impl Users {
    /// The model of a user, if he had anything learned.
    pub(crate) fn model(&self, config: &Config, user: &str) -> Result<Option<Arc<OwnModel>>, String> {
        let Some(store) = config.user_store(user) else { return Ok(None) };
        let mut files = store.files();
        // Most users have none, and one look at the disk is all that it costs them.
        if files.first().is_none_or(|state| !state.exists()) {
            return Ok(None);
        }
        files.extend(config.learned_store().map_or(Vec::new(), |site| site.files()));
        if let Model::File(path) = &config.model {
            files.push(path.clone());
        }
        let stamp: Stamp = files
            .into_iter()
            .map(|path| {
                let data = std::fs::metadata(&path).ok();
                (path, data.map(|it| (it.len(), it.modified().ok())))
            })
            .collect();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.iter().position(|it| it.0 == stamp) {
            let found = kept.remove(place);
            let model = found.1.clone();
            kept.push(found);
            return Ok(model);
        }
        drop(kept);
        let learned = store.model_over(&config.site_model()?.map_or(Vec::new(), |(_, model)| model))?;
        let model = learned
            .map(|bytes| OwnModel::read(&store.folder().display().to_string(), &bytes, config.experts))
            .transpose()
            .map_err(|wrong| wrong.to_string())?
            .map(Arc::new);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // What the same user had before is of no use any more.
        let first = stamp.first().map(|it| it.0.clone());
        kept.retain(|it| it.0.first().map(|it| &it.0) != first.as_ref());
        if kept.len() >= MOST {
            kept.remove(0);
        }
        kept.push((stamp, model.clone()));
        Ok(model)
    }
}

/// The one user that a message goes to; none where it goes to several, or out. One verdict counts for all recipients, so
/// that what one of them had learned says nothing of mail to others.
pub(crate) fn user_of(config: &Config, message: &Message) -> Option<String> {
    config.users.as_ref().filter(|_| !message.outbound)?;
    let (first, others) = message.recipients.split_first()?;
    let folder = |user: &String| config.user_store(user).map(|store| store.folder().to_owned());
    let of_first = folder(first)?;
    others.iter().all(|it| folder(it).as_ref() == Some(&of_first)).then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use tamis_common::stock;
    use tamis_common::time;
    use tamis_engine::{EngineBuilder, Label, Mail};

    use super::*;

    #[test]
    fn who_had_something_learned_has_a_model_and_others_have_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.users = Some(folder.path().to_owned());
        let users = Users::default();
        assert!(users.model(&config, "ann@site.example").unwrap().is_none());

        let engine = EngineBuilder::new().build().unwrap();
        let raw = b"From: a@b.example\nSubject: weekly offers\n\ncheap pills and a free offer\n";
        let tokens = engine.worker().token_set(&Mail::new(raw));
        let site = stock::model().unwrap().1;
        let mut writer = config.user_store("Ann+news@Site.example").unwrap().write(Some(site)).unwrap();
        writer.learn(tokens, Label::Ham, "test", time::now()).unwrap();
        writer.finish().unwrap();

        let model = users.model(&config, "ann@site.example").unwrap().unwrap();
        assert!(Arc::ptr_eq(&model, &users.model(&config, "ANN@site.example").unwrap().unwrap()));
        assert!(users.model(&config, "bob@site.example").unwrap().is_none());
        let site = config.builder().build().unwrap();
        let before = site.worker().scan(&Mail::new(raw));
        let after = site.worker().scan_by(&Mail::new(raw), &model);
        assert!(after.bayes_score < before.bayes_score);
        assert_ne!(after.versions.model, before.versions.model);
    }

    #[test]
    fn mail_to_several_users_is_nobodys() {
        let mut config = Config::default();
        config.users = Some("users".into());
        let to = |recipients: &[&str], outbound| {
            let recipients = recipients.iter().map(|it| (*it).to_owned()).collect();
            user_of(&config, &Message { recipients, outbound, ..Message::default() })
        };
        assert_eq!(to(&["ann@a.example"], false).as_deref(), Some("ann@a.example"));
        assert_eq!(to(&["ann+x@a.example", "Ann@A.example"], false).as_deref(), Some("ann+x@a.example"));
        assert_eq!(to(&["ann@a.example", "bob@a.example"], false), None);
        assert_eq!(to(&["ann@a.example"], true), None);
        assert_eq!(to(&[], false), None);
        assert_eq!(user_of(&Config::default(), &Message::default()), None);
    }
}
