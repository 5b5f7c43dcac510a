// SPDX-License-Identifier: Apache-2.0
// As much of Jenkins as the step meets: `sh` really runs, the rest is written down. Arguments: step file, orders (JSON).
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.control.CompilerConfiguration

class Failed extends RuntimeException {
  Failed(String message) { super(message) }
}

abstract class Steps extends Script {
  static Map orders
  static Map seen = [result: 'SUCCESS', steps: [], text: '']

  def getEnv() { [BUILD_TAG: 'jenkins-Shop/Web app-17'] }

  private static synchronized void note(String name, detail) {
    seen.steps << [name: name, detail: detail instanceof Map ? detail.findAll { !(it.value instanceof Closure) } : "${detail}".toString()]
    if (orders.missing?.contains(name)) throw new NoSuchMethodError("No such DSL method '${name}'")
    if (orders.broken?.contains(name)) throw new RuntimeException("${name} is broken")
  }

  def sh(Map step) {
    note('sh', [label: step.label, script: step.script])
    if (orders.abort && step.label == 'cinc-scan') throw new InterruptedException('aborted')
    def process = new ProcessBuilder(['sh', '-xe', '-c', step.script]).directory(new File(orders.folder)).redirectErrorStream(true)
    process.environment().putAll(orders.env)
    scope().each { process.environment().putAll(it) }
    def started = process.start()
    String text = started.inputStream.getText('UTF-8')
    synchronized (Steps) { seen.text += text }
    int code = started.waitFor()
    if (step.returnStatus) return code
    if (code != 0) throw new Failed("script returned exit code ${code}")
  }

  static final ThreadLocal<List> scopes = new ThreadLocal<List>()
  static List scope() { scopes.get() == null ? [] : scopes.get() }
  def within(Map more, Closure body) {
    List before = scope()
    scopes.set(before + [more])
    try { body() } finally { scopes.set(before) }
  }

  def withEnv(List list, Closure body) {
    within(list.collectEntries { String line -> [(line.substring(0, line.indexOf('='))): line.substring(line.indexOf('=') + 1)] }, body)
  }
  def file(Map it) { [(it.variable): orders.secrets[it.credentialsId]] }
  def string(Map it) { [(it.variable): orders.secrets[it.credentialsId]] }
  def withCredentials(List list, Closure body) {
    seen.credentials = list.collectMany { it.keySet() }
    within(list.inject([:]) { all, one -> all + one }, body)
  }
  def parallel(Map branches) {
    note('parallel', branches.findAll { it.key != 'failFast' }.keySet())
    List around = scope()
    List problems = [].asSynchronized()
    branches.findAll { it.value instanceof Closure }.collect { name, body ->
      Thread.start {
        Steps.scopes.set(around)
        try { body() } catch (Throwable problem) { problems << problem }
      }
    }.each { it.join() }
    if (problems) throw problems[0]
  }
  def catchError(Map step, Closure body) {
    try { body() } catch (InterruptedException stop) { throw stop } catch (Throwable problem) { seen.text += "${step.message}: ${problem.message}\n" }
  }
  def fileExists(String path) { new File(orders.folder, path).exists() }
  def readFile(String path) { new File(orders.folder, path).getText('UTF-8') }
  def echo(String text) { synchronized (Steps) { seen.text += text + '\n' } }
  def error(String text) { seen.result = 'FAILURE'; seen.message = text; throw new Failed(text) }
  def unstable(String text) { seen.result = 'UNSTABLE'; seen.message = text }
  def junit(Map step) { note('junit', step) }
  def archiveArtifacts(Map step) { note('archiveArtifacts', step) }
  def sarif(Map step) { step }
  def recordIssues(Map step) { note('recordIssues', step) }
  def publishHTML(Map step) { note('publishHTML', step) }
}

Steps.orders = new JsonSlurper().parse(new File(args[1]))
def configuration = new CompilerConfiguration(scriptBaseClass: Steps.name)
def step = new GroovyShell(Steps.classLoader, new Binding(), configuration).parse(new File(args[0]))
try {
  Steps.seen.returned = step.call(Steps.orders.config)
} catch (InterruptedException stop) {
  Steps.seen.result = 'ABORTED'
} catch (Throwable problem) {
  Steps.seen.result = 'FAILURE'
  Steps.seen.problem = problem.toString()
}
println('RESULT ' + JsonOutput.toJson(Steps.seen))
