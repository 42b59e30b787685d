// All tests in one process, because they share one service and one browser.
import './mission.test.js'
import './passwords.test.js'
import './password-managers.test.js'
import './links.test.js'
import './sessions.test.js'
import './forms.test.js'
import './accessibility.test.js'
